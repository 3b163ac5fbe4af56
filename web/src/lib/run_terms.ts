// On what terms an experiment is started: where, in which hours, at whose price and below which sum. What the page asks for and what one would type
// are made from the same list.
import type { Table } from './dotted.ts'

export const termNames = ['queue', 'gpus', 'each', 'listen', 'between', 'within', 'instance'] as const
export type Terms = Record<(typeof termNames)[number], string> & { on: 'local' | 'slurm'; budget: string }

// [field of the answer, option of the command, text, number it stands for]; a cap means nothing without a price.
function parts(terms: Terms): [string, string, string, boolean][] {
  const slurm: [string, string, string, boolean][] = [['queue', 'queue', terms.queue, false], ['gpus', 'gpus', terms.gpus, true], ['hours', 'hours', terms.each, true], ['listen', 'listen', terms.listen, false]]
  const all: [string, string, string, boolean][] = [
    ['trial_hours', 'trial-hours', terms.within, true], ['instance', 'instance', terms.instance, false], ['budget', 'budget', terms.instance && terms.budget, true], ['between', 'between', terms.between, false], ...(terms.on === 'slurm' ? slurm : []),
  ]
  return all.filter(([, , text, number]) => text !== '' && !(number && Number(text) === 0))
}

export const termsBody = (terms: Terms): Table => ({ on: terms.on, ...Object.fromEntries(parts(terms).map(([field, , text, number]) => [field, number ? Number(text) : text])) })

export const termsOptions = (terms: Terms): string => [terms.on === 'slurm' ? ' --on slurm' : '', ...parts(terms).map(([, option, text]) => ` --${option} ${/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`}`)].join('')

/** What cannot be sent: the name of the first number that is none. */
export const wrongTerm = (terms: Terms): string | undefined => parts(terms).find(([, , text, number]) => number && !(Number(text) > 0))?.[1]
