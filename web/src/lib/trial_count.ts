// "8 channel sets × 36 patients = 288 trials": the factors behind a plan's number of trials, for people. The server counts.
import { isTable, type Json, type Table } from './dotted.ts'

export interface Factor { count: number; name: string }
export interface DataFacts { channels: string[]; patients: string[] }

const number = (v: Json | undefined, fallback: number): number => (typeof v === 'number' ? v : fallback)
const list = (v: Json | undefined): Json[] => (Array.isArray(v) ? v : [])

/** Values that a sweep takes of one variable. */
export function valuesOf(variable: Table): number {
  const values = list(variable.values).length
  if (values) return values
  const range = list(variable.range)
  if (variable.scale === 'integer' && range.length === 2) return Math.min(number(variable.count, 5), Math.floor(Number(range[1]) - Number(range[0])) + 1)
  return number(variable.count, 5)
}

export function factors(spec: Table, data: DataFacts | null): Factor[] {
  const strategy = isTable(spec.strategy) ? spec.strategy : {}
  const variables = list(spec.variable).filter(isTable)
  const kind = strategy.kind ?? 'leave-one-out'
  const result: Factor[] = []
  const channels = list(strategy.channels).length || data?.channels.length || 0
  const patients = list(strategy.patients).length || data?.patients.length || number(spec.cases, 0)
  const folds = number(strategy.folds, 0)
  const byChannel = kind === 'leave-one-out' || (strategy.nested === true && (kind === 'random' || kind === 'bayesian'))
  if (kind === 'random' || kind === 'bayesian') result.push({ count: number(strategy.trials, 30), name: 'proposals' })
  if (byChannel && strategy.leave_channels !== false) {
    const pairs = strategy.channel_pairs === true ? (channels * (channels - 1)) / 2 : 0
    result.push({ count: 1 + channels + pairs, name: 'channel sets' })
  }
  if (folds > 0) result.push({ count: folds, name: 'folds' })
  else if ((byChannel || kind === 'channel-dropout') && strategy.leave_patients !== false) result.push({ count: patients, name: 'patients' })
  if (kind === 'sweep' || kind === 'leave-one-out' || kind === 'channel-dropout') for (const one of variables) result.push({ count: valuesOf(one), name: String(one.key ?? 'variable').split('.').pop()!.replaceAll('_', ' ') })
  const seeds = number(strategy.seeds, 1)
  if (seeds > 1) result.push({ count: seeds, name: 'seeds' })
  return result
}

export const factorText = (all: Factor[]): string => all.map(one => `${one.count} ${one.count === 1 ? one.name.replace(/s$/, '') : one.name}`).join(' × ')
export const product = (all: Factor[]): number => all.reduce((n, one) => n * one.count, 1)
