// Who trains, who validates, who tests: patients stay together with all their scans, as in a run's [validation].
import { isTable, type Table } from './dotted.ts'

export interface CaseName { id: string; patient: string }
export interface Subsets<C> { train: C[]; validation: C[]; test: C[] }

export function subsets<C extends CaseName>(cases: readonly C[], validation: ReadonlySet<string>, test: ReadonlySet<string>): Subsets<C> {
  const of = (wanted: (patient: string) => boolean) => cases.filter(one => wanted(one.patient))
  return {
    test: of(patient => test.has(patient)),
    validation: of(patient => validation.has(patient) && !test.has(patient)),
    train: of(patient => !test.has(patient) && !validation.has(patient)),
  }
}

/** Lines for a run spec. */
export function subsetToml(validation: readonly string[], test: readonly string[]): string {
  const list = (names: readonly string[]) => `[${names.map(name => JSON.stringify(name)).join(', ')}]`
  return ['[validation]', ...(validation.length ? [`patients = ${list(validation)}`] : []), ...(test.length ? [`test_patients = ${list(test)}`] : [])].join('\n') + '\n'
}

/** A patient's next role on a click: train, validation, test, train. */
export function nextRole(role: 'train' | 'validation' | 'test'): 'train' | 'validation' | 'test' {
  return role === 'train' ? 'validation' : role === 'validation' ? 'test' : 'train'
}

/** A run spec with these parts, for questions about its patches. */
export function runWith(run: Table, validation: readonly string[], test: readonly string[]): Table {
  const { data: _, format: __, ...rest } = run
  const own = isTable(run.validation) ? run.validation : {}
  const split = { ...own, ...(validation.length ? { patients: [...validation] } : {}), ...(test.length ? { test_patients: [...test] } : {}) }
  return { format: 'tomograd.run/1', ...rest, ...(Object.keys(split).length ? { validation: split } : {}) }
}
