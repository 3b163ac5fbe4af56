// One block: its name, what it does, what it reads, and the fields that a block of its kind has.
import { useEffect, useState } from 'preact/hooks'
import { set } from '../../../lib/dotted.ts'
import { changed, connected, fieldNames, inputsOf, mostInputs, nameOf, ops, opOf, renamed, sourcesOf, withOp, type Block } from '../../../lib/graph_blocks.ts'
import type { Field } from '../../../lib/schema.ts'
import { FieldInput } from '../../../parts/field_input.tsx'

interface Props { blocks: Block[]; at: number; fields: Field[]; onChange: (blocks: Block[], name?: string) => void }

const modes: Record<string, string[]> = { pool: ['', 'max', 'avg'], upsample: ['', 'nearest', 'linear'] }

export function BlockForm({ blocks, at, fields, onChange }: Props) {
  const block = blocks[at], op = opOf(block), name = nameOf(block)
  const put = (next: Block) => onChange(changed(blocks, at, next), name)
  const shown = fieldNames(block).flatMap(path => fields.filter(field => field.path === path)).map(field => (field.path === 'mode' ? { ...field, choices: modes[op] ?? field.choices } : field))
  return (
    <section>
      <h3>Block {name}</h3>
      <NameLine blocks={blocks} at={at} onChange={onChange} />
      <div class="field">
        <label htmlFor="block-op">does</label>
        <span class="control"><select id="block-op" value={op} onChange={event => onChange(withOp(blocks, at, event.currentTarget.value), name)}>{ops.map(one => <option key={one} value={one}>{one.replace('_', ' ')}</option>)}</select></span>
      </div>
      <Inputs blocks={blocks} at={at} onChange={names => onChange(connected(blocks, at, names), name)} />
      {op === 'crop' && (
        <div class="field" title="Block whose size the crop matches">
          <label htmlFor="block-like">like</label>
          <span class="control"><select id="block-like" value={String(block.like ?? '')} onChange={event => { const like = event.currentTarget.value; const { margin: _, size: __, ...rest } = block; put(like ? { ...rest, like } : set(block, 'like', undefined)) }}>
            <option value="">nothing: as margin or size says</option>
            {sourcesOf(blocks, at).slice(1).map(one => <option key={one}>{one}</option>)}
          </select></span>
        </div>
      )}
      {shown.filter(field => !(block.like && ['margin', 'size'].includes(field.path))).map(field => <FieldInput key={field.path} field={field} value={block[field.path]} onChange={v => put(set(block, field.path, v))} />)}
    </section>
  )
}

// A name is taken when the field is left, because readers are looked for by it.
function NameLine({ blocks, at, onChange }: Omit<Props, 'fields'>) {
  const name = nameOf(blocks[at])
  const [text, setText] = useState(name)
  useEffect(() => setText(name), [name])
  const taken = text !== name && (text === 'input' || blocks.some(one => nameOf(one) === text))
  const save = () => (text && !taken && text !== name ? onChange(renamed(blocks, at, text), text) : setText(name))
  return (
    <div class="field">
      <label htmlFor="block-name">name</label>
      <span class="control"><input id="block-name" value={text} aria-invalid={taken || !text} onInput={event => setText(event.currentTarget.value)} onBlur={save} onKeyDown={event => event.key === 'Enter' && save()} /></span>
      {taken && <span class="wrong" role="alert">Another block has this name.</span>}
    </div>
  )
}

function Inputs({ blocks, at, onChange }: { blocks: Block[]; at: number; onChange: (names: string[]) => void }) {
  const op = opOf(blocks[at]), most = mostInputs(op), now = inputsOf(blocks, at), sources = sourcesOf(blocks, at)
  const free = sources.filter(one => !now.includes(one))
  const words = op === 'repeat' ? ['first block', 'last block'] : []
  return (
    <>
      {now.map((one, i) => (
        <div class="field" key={i}>
          <label htmlFor={`block-from-${i}`}>{words[i] ?? (i ? '' : 'reads')}</label>
          <span class="control"><select id={`block-from-${i}`} aria-label={words[i] ?? `reads, ${i + 1}`} value={one} onChange={event => onChange(now.map((old, k) => (k === i ? event.currentTarget.value : old)))}>
            {!sources.includes(one) && <option value={one}>{one}: not above it</option>}
            {sources.filter(source => op !== 'repeat' || source !== 'input').map(source => <option key={source}>{source}</option>)}
          </select></span>
          {now.length > 1 && op === 'concat' ? <button type="button" class="link" aria-label={`No longer read ${one}`} onClick={() => onChange(now.filter((_, k) => k !== i))}>×</button> : <span />}
        </div>
      ))}
      {now.length < most && free.length > 0 && op !== 'repeat' && (
        <div class="field">
          <span />
          <span class="control"><select aria-label="Read another block" value="" onChange={event => event.currentTarget.value && onChange([...now, event.currentTarget.value])}><option value="">and …</option>{free.map(one => <option key={one}>{one}</option>)}</select></span>
        </div>
      )}
    </>
  )
}
