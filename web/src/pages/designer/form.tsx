// The fields of the chosen network. The kind is a row of buttons, because it decides what the rest is.
import { get, set, type Table } from '../../lib/dotted.ts'
import { startFor } from '../../lib/graph_starts.ts'
import { belongs } from '../../lib/model_fields.ts'
import type { Field } from '../../lib/schema.ts'
import { FieldInput } from '../../parts/field_input.tsx'
import { differs } from '../../parts/spec_form.tsx'
import { GraphEditor } from './graph/editor.tsx'

const names: Record<string, string> = { unet: 'U-Net', deepmedic: 'DeepMedic', msd: 'MS-D', skip: 'skip', graph: 'blocks' }

interface Props {
  fields: Field[]
  spec: Table
  node: string                                   // of the diagram that is chosen
  onChange: (spec: Table, node?: string) => void
  onSelect: (node: string) => void
}

export function ModelForm({ fields, spec, node, onChange, onSelect }: Props) {
  const kind = String(spec.kind ?? 'unet')
  const kinds = fields.find(field => field.path === 'kind')?.choices ?? []
  const shown = fields.filter(field => field.path !== 'kind' && belongs(field, spec))
  const changed = shown.filter(field => differs(field, get(spec, field.path)))
  const input = (field: Field) => <FieldInput key={field.path} field={field} value={get(spec, field.path)} onChange={value => onChange(set(spec, field.path, value))} />
  return (
    <div class="stack">
      <span class="segmented tight" role="group" aria-label="Kind of network">
        {kinds.map(one => <button type="button" key={one} aria-pressed={one === kind} onClick={() => one !== kind && onChange({ ...keep(spec), kind: one, ...(one === 'graph' ? { block: startFor(spec) } : {}) }, '')}>{names[one] ?? one}</button>)}
      </span>
      {kind === 'graph'
        ? <>
            {shown.filter(field => ['in_channels', 'out_channels'].includes(field.path)).map(input)}
            <GraphEditor spec={spec} node={node} onChange={onChange} onSelect={onSelect} />
          </>
        : <>
            {changed.length > 0 && <section><h3>Changed</h3>{changed.map(input)}</section>}
            <section>{changed.length > 0 && <h3>Defaults</h3>}{shown.filter(field => !changed.includes(field)).map(input)}</section>
          </>}
    </div>
  )
}

// What every kind of network understands stays when the kind changes.
const keep = (spec: Table): Table => Object.fromEntries(Object.entries(spec).filter(([key]) => ['in_channels', 'out_channels'].includes(key)))
