import { readdirSync, readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';

/*
 * Fails when something in src/ is declared under a word that has a plainer name. Names of the API and of libraries may be
 * used; they may not become names of ours.
 */

/** Words that are not names here, each with the name to take. A trailing `*` stands for further words. */
const plainer = {
  'losses loss': 'dependents',
  'look lookAt lookAhead': 'snapshot, inspect',
  'remedy remedyFor': 'continuation',
  'served isServed': 'isVisible, isAllowed',
  'room resourceRoom': 'provider, budget',
  'head answerHead': 'responseMeta',
  'putAway standIn': 'storeResponseSecrets, placeholder, replacement',
  'withAftermath was': 'withUndo, deleted',
  softened: 'asRetrySafe',
  'told tell*': 'formatted, summarize, describe',
  'narrowing narrowCaller narrowed': 'filters, applyClientFilters',
  'most most* longest longest* least least* shortest* deepest*': 'max, min',
  'vast slight piece': 'LAZY_THRESHOLD, INLINE_THRESHOLD, CHUNK_SIZE',
  facts: 'details, fields',
  'permits mayDo selects knows': 'isAllowed, isVisible',
  'about intent': 'CallState, RunOptions',
  'trail trailLine trace': 'auditLog, auditEntry',
  ending: 'StopSignal, outcome',
  'shelf shelves': 'collection',
  'briefly soonIn tryRows': 'compactError, withHintTimeout, bestEffort',
  'meantBy misspelt': 'suggestArgument',
  'held proven inside': 'pinnedCall, filterResponse',
  'offer offering instead': 'toolIndex, serverFeatures, suggestAlternative',
  helpers: 'builtinTools',
  'runners runRunner runner': 'dispatcherTools, executeOperation',
  'turnAway turnedAway verdict verdicts': 'reject, authChecks',
  'admit denial': 'authenticate, authResult',
  'sketched sayPlainly showPart': 'abbreviatedSchema, inlineDescription, readMore',
  'suffer strike gate office world': 'applyFault, matchFault, requestChecks, tokenService, state',
};

const rules = Object.entries(plainer).flatMap(([words, instead]) =>
  words.split(' ').map((word) => ({
    isWord: word.endsWith('*')
      ? (name) =>
          new RegExp(`^${word.slice(0, -1)}(?:[A-Z]|$)`, 'i').test(name) && /^\w[a-z]*(?:[A-Z]|$)/.test(name)
      : (name) => name.toLowerCase() === word.toLowerCase(),
    instead,
  })),
);

/** Names that a file declares: variables, parameters, functions, classes, types, and members of types and classes. */
function declaredNames(text) {
  const names = new Set();
  const addPattern = (node) => {
    if (!node) return;
    if (node.type === 'Identifier') names.add(node.name);
    else if (node.type === 'AssignmentPattern') addPattern(node.left);
    else if (node.type === 'RestElement') addPattern(node.argument);
    else if (node.type === 'ArrayPattern') node.elements.forEach(addPattern);
    else if (node.type === 'ObjectPattern')
      for (const property of node.properties) addPattern(property.value ?? property);
    else if (node.type === 'TSParameterProperty') addPattern(node.parameter);
  };
  const keyName = (key) => key && (key.type === 'Identifier' || key.type === 'PrivateIdentifier') && key.name;
  const visit = (node) => {
    if (typeof node !== 'object' || node === null) return;
    if (Array.isArray(node)) return node.forEach(visit);
    if (node.type === 'VariableDeclarator') addPattern(node.id);
    if (/Function|^TSDeclareFunction$/.test(node.type ?? '')) {
      addPattern(node.id);
      for (const parameter of node.params?.items ?? node.params ?? []) addPattern(parameter);
    }
    if (
      /^(?:ClassDeclaration|TSInterfaceDeclaration|TSTypeAliasDeclaration|TSEnumDeclaration)$/.test(
        node.type ?? '',
      )
    )
      addPattern(node.id);
    if (
      /^(?:TSPropertySignature|TSMethodSignature|PropertyDefinition|MethodDefinition)$/.test(node.type ?? '')
    ) {
      const name = !node.computed && keyName(node.key);
      if (name) names.add(name);
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(parseAst(text, { lang: 'ts' }));
  return names;
}

const source = new URL('../src/', import.meta.url);
let faults = 0;
for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (!file.endsWith('.ts')) continue;
  for (const name of declaredNames(readFileSync(new URL(file, source), 'utf8'))) {
    const rule = rules.find(({ isWord }) => isWord(name));
    if (!rule) continue;
    faults += 1;
    console.error(`src/${file}: ${name} has a plainer name, such as ${rule.instead}.`);
  }
}
if (faults > 0) process.exitCode = 1;
