import { accessReview } from './access-review.ts';
import { accountOverview } from './account-overview.ts';
import type { Workflow } from './define-workflow.ts';
import { diagnoseIntegrations } from './diagnose-integrations.ts';
import { usageReport } from './usage-report.ts';
import { whoChanged } from './who-changed.ts';

/** All workflows. */
export const workflows: readonly Workflow[] = [
  diagnoseIntegrations,
  accountOverview,
  whoChanged,
  accessReview,
  usageReport,
];

const byId = new Map(workflows.map((workflow) => [workflow.id, workflow]));

/** The workflow with an id; undefined for an unknown id. */
export function findWorkflow(id: string): Workflow | undefined {
  return byId.get(id);
}
