// Which fields of [model] belong to which network: the sentence of a field begins with its kinds or families ("unet:", "msd, skip:").
import type { Field } from './schema.ts'
import type { Table } from './dotted.ts'

const families = ['unet3d', 'nnunet', 'residual']

export function belongs(field: Field, model: Table): boolean {
  if (field.path === 'kind' || field.path.startsWith('block')) return field.path === 'kind'
  const kind = String(model.kind ?? 'unet'), family = String(model.family ?? 'residual')
  const heads = [...field.sentence.matchAll(/(?:^|;\s*)([a-z0-9_]+(?:, [a-z0-9_]+)*):/g)].flatMap(match => match[1].split(', '))
  if (!heads.length) return true
  return heads.some(head => head === kind || (kind === 'unet' && families.includes(head) && head === family))
}
