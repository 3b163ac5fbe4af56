// What a trial's result says per case and class. A result's `test` is a list of {case, patient, classes, dice: [per class], ...}
// (src/experiments/metrics.h); other programs may write whatever they like beside it.
import { isTable, type Json, type Table } from './dotted.ts'

export interface ClassScore { case: string; patient: string; class: string; values: Record<string, number | null> }

const list = (v: Json | undefined): Json[] => (Array.isArray(v) ? v : [])

/** Names of the classes that a trial tells apart, without background; empty where it does not say. */
export const trialClasses = (metrics: Table): string[] => [...new Set(classScores(metrics).rows.map(row => row.class))].filter(name => name !== 'background')

/** One row per case and class; the names of the measures in order of appearance. */
export function classScores(metrics: Table, part = 'test'): { measures: string[]; rows: ClassScore[] } {
  const measures: string[] = []
  const rows = list(metrics[part]).filter(isTable).flatMap((entry): ClassScore[] =>
    list(entry.classes).map((name, i) => {
      const values: Record<string, number | null> = {}
      for (const [key, v] of Object.entries(entry)) {
        if (!Array.isArray(v) || key === 'classes' || v.length !== list(entry.classes).length) continue
        if (!measures.includes(key)) measures.push(key)
        values[key] = typeof v[i] === 'number' ? (v[i] as number) : null
      }
      return { case: String(entry.case ?? ''), patient: String(entry.patient ?? ''), class: String(name), values }
    }),
  )
  return { measures, rows }
}

/** What is left to be shown as plain values. */
export const otherMetrics = (metrics: Table): Table => Object.fromEntries(Object.entries(metrics).filter(([, v]) => !list(v).some(isTable) && !(isTable(v) && Object.values(v).some(one => list(isTable(one) ? one.test : undefined).length))))

/** "hd95_mm" -> "hd95, mm" */
export const measureName = (key: string): string => key.replace(/_(mm|ml|seconds|bytes)$/, ', $1').replaceAll('_', ' ')
