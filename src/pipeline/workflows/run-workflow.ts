import * as z from 'zod';
import { kindOf, type Pins } from '../../access/pins.ts';
import { isWorkflowVisible } from '../../access/visibility.ts';
import { CallError } from '../../errors.ts';
import type { StopSignal } from '../../lib/cancellation.ts';
import { getOrCreate } from '../../lib/get-or-create.ts';
import type { RequestContext } from '../../request-context.ts';
import { findOperation } from '../../tools/catalogue.ts';
import type { CallResult, ToolDefinition } from '../../tools/define-tool.ts';
import { pinnedArguments } from '../../tools/pin-rule.ts';
import type { SuggestedCall, Workflow, WorkflowAnswer } from '../../tools/workflows/define-workflow.ts';
import { findWorkflow } from '../../tools/workflows/index.ts';
import { parseArguments } from '../arguments/parse.ts';
import { startCall } from '../call-state.ts';
import { readInputState } from '../input/input-state.ts';
import { finish } from '../outcome.ts';
import { saveAnswer } from '../output/save-answer.ts';
import { withSaveAs } from '../output/save-as-argument.ts';
import { assertFileName } from '../output/save-rows.ts';
import { withoutPinnedArguments } from '../pins/given.ts';
import { truncatePart } from '../result/truncate.ts';
import { formatAnswer, formatWhole, moreOfUnfinished } from './format-answer.ts';
import { WorkflowReader } from './read-operations.ts';

export interface WorkflowOptions {
  /** Return the part of the result at this cursor only. */
  readonly cursor?: string;
  /** The built-in tool that runs the workflow. */
  readonly as?: ToolDefinition;
}

const withoutAccount = new Map<Workflow, Workflow>();

/** The workflow as callers with these pins see it: without the account that the pins fix. */
function visibleWorkflow(workflow: Workflow, pins: Pins | undefined): Workflow {
  if (pins?.account === undefined) return workflow;
  return getOrCreate(withoutAccount, workflow, () => {
    const { account_id: _, ...rest } = workflow.input.shape;
    return { ...workflow, input: z.strictObject(rest) };
  });
}

/** The arguments that a caller may give. */
export function inputOfWorkflow(id: string, context: RequestContext): Pick<Workflow, 'input'> {
  return withSaveAs(visibleWorkflow(workflowNamed(id), context.pins), context);
}

function workflowNamed(id: string): Workflow {
  const workflow = findWorkflow(id);
  if (!workflow) throw new Error(`There is no workflow ${id}.`);
  return workflow;
}

/** Runs a workflow. Never throws, except for an unknown id. */
export async function runWorkflow(
  id: string,
  given: unknown,
  context: RequestContext,
  cancelled: StopSignal,
  { cursor, as }: WorkflowOptions = {},
): Promise<CallResult> {
  const workflow = workflowNamed(id);
  const { pins, policy, permissions, maxResultTokens } = context;
  const visible = visibleWorkflow(workflow, pins);
  const call = startCall(as ?? visible, given, context);
  try {
    readInputState(context);
    if (!isWorkflowVisible(id, { pins, policy, permissions: permissions?.current }))
      throw new CallError(
        'not_selected',
        `${id}, or an operation that it needs, is not available on this server.`,
      );
    const limits = () => ({ signal: cancelled, deadline: Date.now() + context.timeout });
    const raw = await withoutPinnedArguments(workflow, call.raw, context, limits);
    // A part that is read on is of the result, not of a file.
    const published = cursor === undefined ? withSaveAs(visible, context) : visible;
    const { save_as: file, ...args } = parseArguments(published, raw);
    if (file !== undefined) assertFileName(file, context);
    const reader = new WorkflowReader(context, cancelled);
    const pinned = pins?.account !== undefined && 'account_id' in workflow.input.shape;
    const answer = await workflow.run(
      requestOf(reader, pinned ? { ...args, account_id: pins.account } : args),
    );
    if (cancelled.aborted) throw new CallError('cancelled', 'The call was cancelled.');
    const shown = { ...answer, next: availableCalls(answer, reader, pins) };
    const notRead = reader.describeNotRead();
    if (file !== undefined) {
      const toSave = { answer: shown, more: moreOfUnfinished(answer, args), notRead };
      return await finish(call, { value: await saveAnswer(String(file), toSave, call) });
    }
    const options = { tool: id, args, maxTokens: maxResultTokens, notRead };
    const value =
      cursor === undefined
        ? formatAnswer(shown, options)
        : truncatePart(formatWhole(shown, options), cursor, maxResultTokens, { tool: id, arguments: args });
    return await finish(call, { value });
  } catch (cause) {
    return finish(call, { cause });
  }
}

/** Bound, since workflows take single functions of it. */
function requestOf(reader: WorkflowReader, args: ReturnType<typeof parseArguments>) {
  return {
    args,
    now: reader.now,
    getObject: reader.getObject.bind(reader),
    getRows: reader.getRows.bind(reader),
    isAvailable: reader.isAvailable.bind(reader),
    noteNotRead: reader.noteNotRead.bind(reader),
    isOutOfTime: reader.isOutOfTime.bind(reader),
    reportProgress: reader.reportProgress.bind(reader),
  };
}

/** Calls that an answer suggests at most. */
const maxSuggested = 3;

/** The suggested calls that the caller can make, without the arguments that its pins fix. */
function availableCalls(
  { next = [] }: WorkflowAnswer,
  reader: WorkflowReader,
  pins: Pins | undefined,
): readonly SuggestedCall[] {
  const available = next.filter(({ tool }) => reader.isAvailable(tool)).slice(0, maxSuggested);
  if (pins?.account === undefined) return available;
  return available.map(({ tool, arguments: args, why }) => {
    const rule = findOperation(tool)?.pinRule;
    const fixed = rule ? pinnedArguments(rule, kindOf(pins)) : ['account_id'];
    const kept = Object.entries(args).filter(([name]) => !fixed.includes(name));
    return { tool, arguments: Object.fromEntries(kept), why };
  });
}
