// Tables for other programs (RFC 4180), numbers with a point and all their digits.
export type Row = readonly (string | number | boolean | null | undefined)[]

const cell = (v: Row[number]): string => {
  if (v === null || v === undefined || (typeof v === 'number' && !Number.isFinite(v))) return ''
  const text = String(v)
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csv = (rows: readonly Row[]): string => rows.map(row => row.map(cell).join(',') + '\n').join('')
