// The experiment that is being written as a part of the address: #/new?name=lr&spec=strategy.kind=sweep;run.max_steps=1000. Whoever has the
// address has the draft; nothing of it lies on the server before it is started.
import { isTable, same, type Table } from './dotted.ts'
import { specFrom, specText } from './spec_query.ts'

export interface Draft { name: string; root: number; spec: Table }
export const emptyDraft: Draft = { name: '', root: 0, spec: { strategy: { kind: 'leave-one-out' }, run: {} } }

type Said = { name: string | null; root: string | null; spec: string | null }

/** Keys of the address; all of them null for a draft in which nothing is written yet. */
export function draftQuery(draft: Draft): Said {
  const fresh = same(draft.spec, emptyDraft.spec)
  return { name: draft.name || null, root: draft.root ? String(draft.root) : null, spec: fresh ? null : specText(draft.spec) || 'strategy=' }
}

/** What an address says; null when it says nothing of a draft. */
export function draftFrom(query: URLSearchParams): Draft | null {
  const [name, root, spec] = ['name', 'root', 'spec'].map(key => query.get(key))
  if (name === null && root === null && spec === null) return null
  const read = spec === null ? emptyDraft.spec : specFrom(spec)
  if (!isTable(read.strategy)) read.strategy = {}
  // An empty table has no place in an address, and a spec without run and trial is none.
  if (read.run === undefined && read.trial === undefined) read.run = {}
  return { name: name ?? '', root: Number(root) > 0 ? Math.floor(Number(root)) : 0, spec: read }
}

export const sameDraft = (a: Said, b: Said): boolean => a.name === b.name && a.root === b.root && a.spec === b.spec
export const saidOf = (query: URLSearchParams): Said => ({ name: query.get('name') || null, root: query.get('root') || null, spec: query.get('spec') || null })
