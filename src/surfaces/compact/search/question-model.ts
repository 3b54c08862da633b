import { type Features, featuresOf } from './features.ts';

/** A question, and the name of the tool that answers it. */
export interface Example {
  readonly text: string;
  readonly answer: string;
}

/**
 * A linear model of which tool a question asks for. A tool has several labels: its name, its group and its verb. What is
 * learnt about a label counts for all tools that have it.
 */
export interface QuestionModel {
  readonly labels: readonly string[];
  /** How rare each feature is, then the place of a label and the feature's weight for it in tenths, and so on. */
  readonly features: Readonly<Record<string, readonly [rarity: number, ...placesAndTenths: number[]]>>;
}

/** Rounds over all examples, and the step of the first round and how much shorter it becomes with each. */
const [rounds, firstStep, shortening] = [30, 2, 0.1];

/** By how much each step pulls the weights towards zero. */
const decay = 1e-4;

/** Weights are kept to tenths; smaller ones than this are left out. */
const minWeight = 0.2;

/** Learns from examples. The same examples give the same model. */
export function trainModel(
  examples: readonly Example[],
  labelsOf: (answer: string) => readonly string[],
): QuestionModel {
  const answers = [...new Set(examples.map(({ answer }) => answer))];
  const labels = [...new Set(answers.flatMap(labelsOf))];
  const places = answers.map((answer) => labelsOf(answer).map((label) => labels.indexOf(label)));
  const all = examples.map(({ text, answer }) => ({
    features: featuresOf(text),
    answer: answers.indexOf(answer),
  }));
  const rarity = raritiesOf(all.map(({ features }) => features));
  const questions = all.map(({ features, answer }) => ({
    vector: toVector(features, (feature) => rarity.get(feature)),
    answer,
  }));
  const weights = new Map([...rarity.keys()].map((feature) => [feature, new Float64Array(labels.length)]));
  const random = createRandom();
  for (let round = 0; round < rounds; round += 1) {
    const step = firstStep / (1 + round * shortening);
    for (const { vector, answer } of shuffle(questions, random)) {
      const sums = sumByLabel(vector, weights, labels.length);
      const shares = toShares(places.map((some) => sumAt(sums, some)));
      const slope = new Float64Array(labels.length);
      for (const [at, share] of shares.entries())
        for (const place of places[at] ?? [])
          slope[place] = (slope[place] ?? 0) + share - (at === answer ? 1 : 0);
      for (const [feature, amount] of vector) {
        const row = weights.get(feature) ?? new Float64Array();
        for (let place = 0; place < row.length; place += 1) {
          const weight = row[place] ?? 0;
          row[place] = weight - step * (amount * (slope[place] ?? 0) + decay * weight);
        }
      }
    }
  }
  const features = [...weights].flatMap(([feature, row]) => {
    const kept = [...row.entries()].filter(([, weight]) => Math.abs(weight) >= minWeight);
    const tenths = kept.flatMap(([place, weight]) => [place, Math.round(weight * 10)]);
    const rare = Math.round((rarity.get(feature) ?? 0) * 100) / 100;
    return kept.length === 0 ? [] : [[feature, [rare, ...tenths]] as const];
  });
  return { labels, features: Object.fromEntries(features) };
}

/** How likely each of these tools is to answer a question: shares of one. Undefined if the model knows no word of it. */
export type Likelihood = (question: string) => ReadonlyMap<string, number> | undefined;

/** Applies a model to these tools. */
export function createLikelihood(
  { labels, features: known }: QuestionModel,
  names: readonly string[],
  labelsOf: (name: string) => readonly string[],
): Likelihood {
  const rarityOf = (feature: string) => (Object.hasOwn(known, feature) ? known[feature]?.[0] : undefined);
  const placeOf = new Map(labels.map((label, place) => [label, place]));
  const trained = names.filter((name) => labelsOf(name).every((label) => placeOf.has(label)));
  const places = trained.map((name) => labelsOf(name).map((label) => placeOf.get(label) ?? 0));
  return (question) => {
    const vector = toVector(featuresOf(question), rarityOf);
    if (!vector.some(([feature]) => !feature.startsWith('#')) || trained.length === 0) return undefined;
    const sums = new Float64Array(labels.length);
    for (const [feature, amount] of vector) {
      const [, ...placesAndTenths] = known[feature] ?? [0];
      for (let at = 0; at < placesAndTenths.length; at += 2) {
        const place = placesAndTenths[at] ?? 0;
        sums[place] = (sums[place] ?? 0) + (amount * (placesAndTenths[at + 1] ?? 0)) / 10;
      }
    }
    const shares = toShares(places.map((some) => sumAt(sums, some)));
    return new Map(trained.map((name, at) => [name, shares[at] ?? 0]));
  };
}

type Vector = readonly (readonly [feature: string, amount: number])[];

/** The known features of a text, scaled to the length one. */
function toVector(features: Features, rarityOf: (feature: string) => number | undefined): Vector {
  const amounts = [...features].flatMap(([feature, weight]) => {
    const rare = rarityOf(feature);
    return rare === undefined ? [] : [[feature, weight * rare] as const];
  });
  const length = Math.sqrt(amounts.reduce((sum, [, amount]) => sum + amount ** 2, 0));
  return amounts.map(([feature, amount]) => [feature, amount / length]);
}

/** A pair or a part of words that one text alone has says nothing about others. */
const minCount = (feature: string) => (/^#| /.test(feature) ? 2 : 1);

function raritiesOf(all: readonly Features[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const features of all)
    for (const feature of features.keys()) counts.set(feature, (counts.get(feature) ?? 0) + 1);
  const frequent = [...counts].filter(([feature, count]) => count >= minCount(feature));
  return new Map(frequent.map(([feature, count]) => [feature, Math.log(1 + all.length / count)]));
}

function sumByLabel(vector: Vector, weights: ReadonlyMap<string, Float64Array>, count: number): Float64Array {
  const sums = new Float64Array(count);
  for (const [feature, amount] of vector) {
    const row = weights.get(feature) ?? new Float64Array();
    for (let place = 0; place < row.length; place += 1)
      sums[place] = (sums[place] ?? 0) + amount * (row[place] ?? 0);
  }
  return sums;
}

const sumAt = (sums: Float64Array, places: readonly number[]) =>
  places.reduce((sum, place) => sum + (sums[place] ?? 0), 0);

/** Scores as shares of one (softmax). */
function toShares(scores: readonly number[]): readonly number[] {
  const max = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - max));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Numbers from zero to one, the same in each run. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

function shuffle<Item>(items: readonly Item[], random: () => number): readonly Item[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ item }) => item);
}
