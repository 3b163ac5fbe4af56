// A table of any length: only the rows in sight are drawn. Click a head to sort; arrows move, space selects, Enter opens.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { parseOrder, tableRows, type Column } from './table_model.ts'

interface TableProps<T extends object> {
  label: string
  rows: T[]
  columns: Column<T>[]
  rowKey: (row: T) => string
  order: string                                  // as parseOrder() reads it
  onOrder: (order: string) => void
  filter?: string
  selected?: ReadonlySet<string>                 // absent = rows cannot be selected
  onSelect?: (keys: Set<string>) => void
  onOpen?: (row: T) => void
  mark?: (row: T) => string                      // a class
  rowHeight?: number
}

export function DataTable<T extends object>(props: TableProps<T>) {
  const { rows, columns, rowKey, order, filter = '', selected, onSelect, onOpen, rowHeight = 28 } = props
  const shown = useMemo(() => tableRows(rows, columns, parseOrder(order), filter), [rows, columns, order, filter])
  const box = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 800 })
  const [active, setActive] = useState(-1)
  const anchor = useRef(0)

  useEffect(() => {
    const element = box.current!
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])

  const first = Math.max(Math.floor(view.top / rowHeight) - 8, 0)
  const last = Math.min(Math.ceil((view.top + view.height) / rowHeight) + 8, shown.length)
  const template = (selected ? '30px ' : '') + columns.map((c, i) => (i + 1 < columns.length ? `${c.width}px` : `minmax(${c.width}px, 1fr)`)).join(' ')

  const select = (index: number, range: boolean) => {
    if (!selected || !onSelect) return
    const next = new Set(selected)
    const on = !next.has(rowKey(shown[index]))
    const [from, to] = range ? [Math.min(anchor.current, index), Math.max(anchor.current, index)] : [index, index]
    for (let i = from; i <= to; i++) on || range ? next.add(rowKey(shown[i])) : next.delete(rowKey(shown[i]))
    anchor.current = index
    onSelect(next)
  }
  const move = (to: number) => {
    const index = Math.min(Math.max(to, 0), shown.length - 1)
    setActive(index)
    const element = box.current!
    const top = index * rowHeight
    if (top < element.scrollTop) element.scrollTop = top
    else if (top + 2 * rowHeight > element.scrollTop + element.clientHeight) element.scrollTop = top + 2 * rowHeight - element.clientHeight
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.floor(view.height / rowHeight) - 2
    const steps: Record<string, number> = { ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: shown.length - 1 }
    if (event.key in steps) move(steps[event.key])
    else if (event.key === 'Enter' && active >= 0 && event.target === box.current) onOpen?.(shown[active])
    else if (event.key === ' ' && active >= 0) select(active, event.shiftKey)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  const sort = (id: string) => props.onOrder(order === id ? id + '-' : order === id + '-' ? '' : id)

  return (
    <div class="table" role="table" aria-label={props.label} aria-rowcount={shown.length} tabIndex={0} ref={box} onKeyDown={onKeyDown}>
      <div class="table-head table-row" role="row" style={{ gridTemplateColumns: template }}>
        {selected && (
          <span role="columnheader">
            <input type="checkbox" aria-label="Select all shown" checked={shown.length > 0 && shown.every(row => selected.has(rowKey(row)))}
              onChange={event => onSelect?.(event.currentTarget.checked ? new Set([...selected, ...shown.map(rowKey)]) : new Set())} />
          </span>
        )}
        {columns.map(column => (
          <span key={column.id} role="columnheader" class={column.right ? 'right' : ''} aria-sort={order === column.id ? 'ascending' : order === column.id + '-' ? 'descending' : 'none'}>
            <button type="button" class="head" title={column.say} onClick={() => sort(column.id)}>
              {column.head}{order === column.id ? ' ↑' : order === column.id + '-' ? ' ↓' : ''}
            </button>
          </span>
        ))}
      </div>
      <div class="table-body" style={{ height: `${shown.length * rowHeight}px` }}>
        {shown.slice(first, last).map((row, i) => {
          const key = rowKey(row), index = first + i
          return (
            <div key={key} role="row" aria-rowindex={index + 1} aria-selected={selected?.has(key)} style={{ gridTemplateColumns: template, top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
              class={`table-row ${selected?.has(key) ? 'selected' : ''} ${index === active ? 'active' : ''} ${props.mark?.(row) ?? ''}`}
              onClick={() => setActive(index)} onDblClick={() => onOpen?.(row)}>
              {selected && <span role="cell"><input type="checkbox" aria-label={`Select ${key}`} checked={selected.has(key)} onClick={event => select(index, event.shiftKey)} /></span>}
              {columns.map(column => <span key={column.id} role="cell" class={column.right ? 'right' : ''}>{column.cell ? column.cell(row) : String(column.value(row) ?? '–')}</span>)}
            </div>
          )
        })}
      </div>
    </div>
  )
}
