// The schemas of specs, read once: they change only with the server.
import { defaultsOf, fieldsOf, type Field } from '../lib/schema.ts'
import type { Table } from '../lib/dotted.ts'
import { api } from './client.ts'

export interface Spec { fields: Field[]; defaults: Table }
const known = new Map<string, Promise<Spec>>()

export function specOf(name: 'run' | 'experiment' | 'model' | 'block' | 'strategy' | 'variable'): Promise<Spec> {
  let spec = known.get(name)
  if (!spec) {
    spec = api.schema(name).then(schema => ({ fields: fieldsOf(schema), defaults: defaultsOf(schema) }))
    spec.catch(() => known.delete(name))
    known.set(name, spec)
  }
  return spec
}
