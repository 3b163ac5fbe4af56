// On what terms an experiment is started: where, in which hours, at whose price and below which sum. What the page asks for and what one would type
// are made from the same list.
import type { Table } from './dotted.ts'

export const termNames = ['queue', 'gpus', 'each', 'listen', 'between', 'within', 'instance'] as const
export type Terms = Record<(typeof termNames)[number], string> & { on: 'local' | 'slurm'; budget: string }

type Part = [field: string, text: string, number: boolean]

// A cap means nothing without a price.
function parts(terms: Terms): Part[] {
  const slurm: Part[] = [['queue', terms.queue, false], ['gpus', terms.gpus, true], ['hours', terms.each, true], ['listen', terms.listen, false]]
  const all: Part[] = [['trial_hours', terms.within, true], ['instance', terms.instance, false], ['budget', terms.instance && terms.budget, true], ['between', terms.between, false], ...(terms.on === 'slurm' ? slurm : [])]
  return all.filter(([, text, number]) => text !== '' && !(number && Number(text) === 0))
}

/** Fields with their values as options of a command, a blank before each: ' --trial-hours 40'. */
export const optionsText = (fields: [string, string | number][]): string => fields.map(([field, value]) => ` --${field.replace('_', '-')} ${quoted(String(value))}`).join('')
const quoted = (text: string): string => (/^[\w.:-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`)

export const termsBody = (terms: Terms): Table => ({ on: terms.on, ...Object.fromEntries(parts(terms).map(([field, text, number]) => [field, number ? Number(text) : text])) })

export const termsOptions = (terms: Terms): string => optionsText([...(terms.on === 'slurm' ? [['on', 'slurm']] : []), ...parts(terms)].map(([field, text]) => [String(field), String(text)]))

/** What cannot be sent: the name of the first number that is none. */
export const wrongTerm = (terms: Terms): string | undefined => parts(terms).find(([, text, number]) => number && !(Number(text) > 0))?.[0]
