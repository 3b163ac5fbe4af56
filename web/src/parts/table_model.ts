// Filtering and sorting of a table's rows; the sorting by TanStack's table core, one instance per state, none is kept.
import { constructTable, createSortedRowModel, rowSortingFeature, tableFeatures, type ColumnDef } from '@tanstack/table-core'
import { storeReactivityBindings } from '@tanstack/table-core/store-reactivity-bindings'
import type { ComponentChildren } from 'preact'

export type CellValue = string | number | boolean | null | undefined

export interface Column<T> {
  id: string
  head: string
  width: number                                  // pixels; the last column takes what is left
  value: (row: T) => CellValue                   // what is sorted, searched and exported
  cell?: (row: T) => ComponentChildren           // what is shown; absent = the value
  right?: boolean                                // numbers
  say?: string                                   // what the column means, on hover
}

const features = tableFeatures({
  coreReactivityFeature: storeReactivityBindings(),
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
})

export interface Order { id: string; descending: boolean }

/** "metric-" = descending by the column metric. */
export function parseOrder(text: string): Order | null {
  return text ? { id: text.replace(/-$/, ''), descending: text.endsWith('-') } : null
}

export function compare(a: CellValue, b: CellValue): number {
  if (typeof a === 'string' || typeof b === 'string') return String(a).localeCompare(String(b), 'en', { numeric: true })
  return Number(a) - Number(b)
}

const missing = (v: CellValue): boolean => v === null || v === undefined || v === '' || (typeof v === 'number' && Number.isNaN(v))

/** Rows that hold all words of the filter, in this order; rows without a value stand last whichever way it goes. */
export function tableRows<T extends object>(rows: T[], columns: Column<T>[], order: Order | null, filter: string): T[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  const holds = (row: T) => {
    const text = columns.map(column => column.value(row)).join(' ').toLowerCase()
    return words.every(word => text.includes(word))
  }
  const found = words.length ? rows.filter(holds) : rows
  if (!order || !columns.some(column => column.id === order.id)) return found
  const defs: ColumnDef<typeof features, T>[] = columns.map(column => ({
    id: column.id,
    accessorFn: (row: T) => (missing(column.value(row)) ? undefined : column.value(row)),
    sortUndefined: 'last',
    sortFn: (a, b, id) => compare(a.getValue(id) as CellValue, b.getValue(id) as CellValue),
  }))
  const table = constructTable<typeof features, T>({ features, columns: defs, data: found, initialState: { sorting: [{ id: order.id, desc: order.descending }] } })
  return table.getRowModel().rows.map(row => row.original)
}
