import { publishedTools, publishedWorkflows } from '../../../tools/published.ts';
import { labelsOf } from './labels.ts';
import { type QuestionModel, trainModel } from './question-model.ts';
import questions from './questions.json' with { type: 'json' };

const asked: Readonly<Record<string, readonly string[]>> = questions;

/**
 * The model of all operations and workflows, learnt from their questions. The build evaluates this module and puts its
 * value into the bundle, because learning takes seconds.
 */
export const questionModel: QuestionModel = trainModel(
  [...publishedTools, ...publishedWorkflows].flatMap(({ name, title, description }) =>
    [...(asked[name] ?? []), title, description, name].map((text) => ({ text, answer: name })),
  ),
  labelsOf,
);
