// The numbers of one network, or of two beside each other with the smaller cost marked.
import type { ModelFacts } from '../../api/types.ts'
import { bytes, count, grouped, isNumber, none, size } from '../../lib/format.ts'

interface Line { name: string; value: (one: ModelFacts) => string; cost?: (one: ModelFacts) => number | null }

const lines: Line[] = [
  { name: 'parameters', value: one => grouped(one.parameters), cost: one => one.parameters },
  { name: 'weights', value: one => bytes(one.weight_bytes), cost: one => one.weight_bytes },
  { name: 'receptive field', value: one => `${size(one.receptive_field_voxels)} voxels` },
  { name: 'cost', value: one => `${count(one.flop_per_voxel)}FLOP per voxel`, cost: one => one.flop_per_voxel },
  { name: 'one patch', value: one => `${count(one.forward_flop)}FLOP`, cost: one => one.forward_flop },
  { name: 'activations, training', value: one => bytes(one.activation_bytes_training), cost: one => one.activation_bytes_training },
  { name: 'output', value: one => `${one.out_channels} × ${size(one.output_size)}` },
  { name: 'legal patches', value: one => `${size(one.legal_sizes.smallest)} and steps of ${size(one.legal_sizes.step)}` },
  { name: 'exact tiling halo', value: one => (one.exact_halo ? `${size(one.exact_halo)} voxels` : none) },
]

export function Numbers({ a, b, compare }: { a: ModelFacts | undefined; b: ModelFacts | undefined; compare: boolean }) {
  const both = [a, ...(compare ? [b] : [])]
  const known = both.filter((one): one is ModelFacts => !!one)
  if (!known.length) return <p class="quiet">…</p>
  const precisions = [...new Set(known.flatMap(one => one.memory.map(memory => memory.precision)))]
  const devices = [...new Set(known.flatMap(one => one.largest_patch.map(device => device.device_bytes)))].sort((x, y) => x - y)
  const memory = (one: ModelFacts, precision: string) => one.memory.find(each => each.precision === precision)
  return (
    <div class="stack">
      <table class="plain numbers">
        {compare && <thead><tr><th />{both.map((one, i) => <th key={i}>{one?.title ?? none}</th>)}</tr></thead>}
        <tbody>
          {lines.map(line => <Row key={line.name} line={line} both={both} />)}
          <tr><th colSpan={both.length + 1}>memory for patch × batch</th></tr>
          {precisions.flatMap(precision => (['training_bytes', 'inference_bytes'] as const).map(use => (
            <Row key={precision + use} both={both} line={{ name: `${precision}, ${use.replace('_bytes', '')}`, value: one => bytes(memory(one, precision)?.[use]), cost: one => memory(one, precision)?.[use] ?? null }} />
          )))}
          <tr><th colSpan={both.length + 1}>largest training patch</th></tr>
          {devices.map(device => <Row key={device} both={both} line={{ name: `in ${Math.round(device / 2 ** 30)} GiB`, value: one => { const patch = one.largest_patch.find(each => each.device_bytes === device)?.patch; return patch ? size(patch) : 'none fits' } }} />)}
        </tbody>
      </table>
      {known.map((one, i) => (
        <div key={i} class="stack small">
          {one.warnings.map(text => <p key={text} class="bad">{text}</p>)}
          {one.assumed.length > 0 && <p class="quiet">Assumed: {one.assumed.join(', ')}</p>}
        </div>
      ))}
    </div>
  )
}

function Row({ line, both }: { line: Line; both: (ModelFacts | undefined)[] }) {
  const costs = both.map(one => (one && line.cost ? line.cost(one) : null))
  const least = both.length > 1 && costs.every(isNumber) && costs[0] !== costs[1] ? Math.min(...(costs as number[])) : null
  return <tr><td class="quiet">{line.name}</td>{both.map((one, i) => <td key={i} class={least !== null && costs[i] === least ? 'good strong' : ''}>{one ? line.value(one) : none}</td>)}</tr>
}
