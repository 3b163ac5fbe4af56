// The blocks in the order of the data flow; who reads something else than the block before says so.
import { useEffect, useRef } from 'preact/hooks'
import { blockColour } from '../../../lib/block_drawing.ts'
import { blockText, inputsOf, moved, nameOf, ops, opOf, type Block } from '../../../lib/graph_blocks.ts'

interface Props {
  blocks: Block[]
  at: number
  onSelect: (name: string) => void
  onAdd: (op: string) => void
  onDuplicate: () => void
  onRemove: () => void
  onMove: (by: 1 | -1) => () => void
}

export function BlockList({ blocks, at, onSelect, onAdd, onDuplicate, onRemove, onMove }: Props) {
  const chosen = useRef<HTMLButtonElement>(null)
  useEffect(() => chosen.current?.scrollIntoView({ block: 'nearest' }), [at])
  return (
    <section class="stack">
      <div class="row tools">
        <select aria-label="Add a block" value="" onChange={event => { if (event.currentTarget.value) onAdd(event.currentTarget.value); event.currentTarget.value = '' }}>
          <option value="">Add {at < 0 ? 'at the end' : 'below'} …</option>
          {ops.map(op => <option key={op} value={op}>{op.replace('_', ' ')}</option>)}
        </select>
        <button type="button" disabled={at < 0} onClick={onDuplicate} title="Key D">Duplicate</button>
        <button type="button" disabled={at < 0} onClick={onRemove} title="Key Delete">Delete</button>
        <button type="button" disabled={at < 0 || !moved(blocks, at, -1)} onClick={onMove(-1)} title="Key K" aria-label="Block one up">↑</button>
        <button type="button" disabled={at < 0 || !moved(blocks, at, 1)} onClick={onMove(1)} title="Key J" aria-label="Block one down">↓</button>
      </div>
      <div class="block-list" role="listbox" aria-label="Blocks">
        {blocks.map((block, i) => {
          const before = i ? nameOf(blocks[i - 1]) : 'input', from = inputsOf(blocks, i)
          const jumps = opOf(block) !== 'repeat' && !(from.length === 1 && from[0] === before)
          return (
            <button type="button" key={`${i} ${nameOf(block)}`} ref={i === at ? chosen : undefined} role="option" aria-selected={i === at} onClick={() => onSelect(i === at ? '' : nameOf(block))}>
              <i class="swatch" style={{ background: blockColour({ text: [opOf(block).replace('_', ' ').replace('upsample', 'up-sample').replace('subsample', 'sub-sample')], head: i === blocks.length - 1 }) }} />
              <span class="cut strong">{nameOf(block) || 'no name'}</span>
              <span class="cut quiet">{blockText(block)}</span>
              {jumps && <span class="cut quiet jump">reads {from.join(', ')}</span>}
            </button>
          )
        })}
      </div>
    </section>
  )
}
