// The experiment that is being written: its spec as a tree. While it is shown the address says all of it, so that going back, reloading and
// passing it on work; while another view is shown the tab of the browser keeps it.
import { effect, signal, untracked } from '@preact/signals'
import { isTable, set, type Json, type Table } from '../../lib/dotted.ts'
import { draftFrom, draftQuery, emptyDraft, sameDraft, saidOf, type Draft } from '../../lib/draft_query.ts'
import { writeToml } from '../../lib/toml.ts'
import { route, setQuery } from '../../router.ts'

const key = 'tomograd.draft'

function stored(): Draft {
  try {
    const read = JSON.parse(sessionStorage.getItem(key) ?? 'null') as Draft | null
    return read && isTable(read.spec) ? read : emptyDraft
  } catch {
    return emptyDraft
  }
}

export const draft = signal<Draft>(stored())
effect(() => sessionStorage.setItem(key, JSON.stringify(draft.value)))

const shown = (): boolean => route.value.path[0] === 'new'
const write = (): void => {
  const wanted = draftQuery(draft.value)
  if (shown() && !sameDraft(wanted, saidOf(route.value.query))) setQuery({ ...wanted })
}
// An address that says another draft than this one is right; one that says none takes this one over.
effect(() => {
  const said = shown() ? draftFrom(route.value.query) : null
  untracked(() => {
    if (said && !sameDraft(draftQuery(said), draftQuery(draft.value))) draft.value = said
    else write()
  })
})
effect(() => {
  void draft.value
  untracked(write)
})

export const clearDraft = (): void => {
  draft.value = emptyDraft
}
export const change = (more: Partial<Draft>): void => {
  draft.value = { ...draft.value, ...more }
}
export const put = (path: string, value: Json | undefined): void => {
  change({ spec: set(draft.value.spec, path, value) })
}

/** Any spec becomes a draft: an experiment's as it is, a run's as the run of a leave-one-out. */
export function takeToml(spec: Table, name: string): void {
  const format = typeof spec.format === 'string' ? spec.format : ''
  const { format: _, out: __, name: own, ...rest } = spec
  if (format.startsWith('tomograd.run')) draft.value = { name, root: 0, spec: { strategy: { kind: 'leave-one-out' }, run: rest } }
  else draft.value = { name: typeof own === 'string' && own ? own : name, root: 0, spec: rest }
}

export const runOf = (spec: Table): Table => (isTable(spec.run) ? spec.run : {})
export const strategyOf = (spec: Table): Table => (isTable(spec.strategy) ? spec.strategy : {})
export const variablesOf = (spec: Table): Table[] => (Array.isArray(spec.variable) ? spec.variable.filter(isTable) : [])

export const draftToml = ({ spec, name }: Draft): string => writeToml({ format: 'tomograd.experiment/1', ...(name ? { name } : {}), ...spec })

// What a leave-one-out takes no part in is not written for other strategies.
const parts: Record<string, string[]> = {
  'leave-one-out': ['channels', 'patients', 'leave_channels', 'leave_patients', 'channel_pairs', 'channel_dropout'],
  random: ['trials'],
  bayesian: ['trials', 'parallel', 'greedy'],
}
export function setKind(kind: string): void {
  const strategy = strategyOf(draft.value.spec)
  const foreign = Object.entries(parts).filter(([name]) => name !== kind).flatMap(([, keys]) => keys).filter(one => !parts[kind]?.includes(one))
  put('strategy', { ...Object.fromEntries(Object.entries(strategy).filter(([name]) => !foreign.includes(name))), kind })
}
