// Designer: a network's spec, its block diagram and its numbers while one types; or two networks beside each other.
import { api } from '../api/client.ts'
import { useResource, useSettled, type Resource } from '../api/resource.ts'
import { specOf } from '../api/schemas.ts'
import type { ModelFacts } from '../api/types.ts'
import { useKeys } from '../keyboard.ts'
import type { Table } from '../lib/dotted.ts'
import { parseValues } from '../lib/value_text.ts'
import { specFrom, specText } from '../lib/spec_query.ts'
import { Failure, Loaded } from '../parts/states.tsx'
import { queryText, setQuery } from '../router.ts'
import { DiagramView } from './designer/diagram.tsx'
import { DesignerFiles } from './designer/files.tsx'
import { ModelForm } from './designer/form.tsx'
import { Numbers } from './designer/numbers.tsx'

export type Side = 'a' | 'b'
const first = 'kind=unet', second = 'kind=deepmedic'
const patchText = (text: string): number[] => {
  const list = parseValues(text.replace(/[x×\s]+/g, ',')).map(Number).filter(v => v > 0)
  return list.length === 3 ? list : list.length ? [list[0], list[0], list[0]] : [64, 64, 64]
}

function useModel(text: string | null, patch: string, batch: string): Resource<ModelFacts> {
  const settled = useSettled(JSON.stringify([text, patch, batch]), 200)
  const [spec, p, b] = JSON.parse(settled) as [string | null, string, string]
  return useResource(spec === null ? null : settled, () => api.describe({ spec: specFrom(spec ?? ''), patch: patchText(p), batch: Number(b) || 1, nodes: false, diagram: true }), `model ${spec === null}`)
}

export function Designer() {
  const a = queryText('a', first), b = queryText('b') || null
  const patch = queryText('patch', '64,64,64'), batch = queryText('batch', '2')
  const side: Side = b !== null && queryText('side') === 'b' ? 'b' : 'a'
  const schema = useResource('model schema', () => specOf('model'))
  const left = useModel(a, patch, batch), right = useModel(b, patch, batch)
  useKeys('Designer', [{ key: 'c', say: 'compare two networks, or one again', run: () => setQuery({ b: b === null ? second : null, side: null }) }])
  const spec = specFrom(side === 'b' && b !== null ? b : a)
  const chosen = queryText('block'), node = chosen.startsWith(`${side}:`) ? chosen.slice(2) : ''
  const select = (name: string) => setQuery({ block: name ? `${side}:${name}` : null })
  // node: what is chosen then. Whoever changes blocks can go back; typing into a field is one step.
  const change = (next: Table, now?: string) => setQuery({ [side]: specText(next), block: now ? `${side}:${now}` : null }, now === undefined || (now !== '' && now === node))
  return (
    <>
      <div class="bar">
        <h1>Designer</h1>
        <label class="row">patch <input size={11} aria-label="Patch Z, Y, X" value={patch} onInput={event => setQuery({ patch: event.currentTarget.value })} /> <span class="unit">voxels Z,Y,X</span></label>
        <label class="row">batch <input size={3} inputMode="numeric" aria-label="Batch" value={batch} onInput={event => setQuery({ batch: event.currentTarget.value })} /></label>
        <span class="grow" />
        <DesignerFiles facts={side === 'b' ? right.data : left.data} spec={spec} onLoad={change} />
        <button type="button" aria-pressed={b !== null} onClick={() => setQuery({ b: b === null ? second : null, side: null })}>Compare</button>
      </div>
      <div class={b === null ? 'columns designer' : 'columns designer both'}>
        <section class="stack">
          {b !== null && (
            <span class="segmented" role="group" aria-label="Which network the form changes">
              {(['a', 'b'] as const).map(one => <button type="button" key={one} aria-pressed={side === one} onClick={() => setQuery({ side: one })}>{one === 'a' ? 'left' : 'right'} network</button>)}
            </span>
          )}
          <Loaded of={schema}>{({ fields }) => <ModelForm fields={fields} spec={spec} node={node} onChange={change} onSelect={select} />}</Loaded>
        </section>
        <section class={b === null ? '' : 'pair'}>
          <One resource={left} side="a" />
          {b !== null && <One resource={right} side="b" />}
        </section>
        <section><Numbers a={left.data} b={b !== null ? right.data : undefined} compare={b !== null} /></section>
      </div>
    </>
  )
}

function One({ resource, side }: { resource: Resource<ModelFacts>; side: Side }) {
  const chosen = queryText('block')
  const [of, node] = [chosen.slice(0, 1), chosen.slice(2)]
  return (
    <div class="stack">
      {resource.error ? <Failure error={resource.error} /> : null}
      {resource.data?.diagram && <DiagramView title={resource.data.title} diagram={resource.data.diagram} selected={of === side ? node : ''} onSelect={name => setQuery({ block: name ? `${side}:${name}` : null })} />}
    </div>
  )
}

