// What is typed into a table's filter: words that a row must hold, and conditions "key=value", "dice>0.7", "left_out!=T1w". A key may be
// the end of a dotted one: learning_rate<1e-3. left_out= with nothing after it means: all channels.
export type Cell = unknown
export interface Condition { key: string; sign: string; value: string }
export interface Filter { words: string[]; conditions: Condition[] }

export function parseFilter(text: string): Filter {
  const filter: Filter = { words: [], conditions: [] }
  for (const [, quoted, plain] of text.matchAll(/"([^"]*)"|(\S+)/g)) {
    const match = quoted === undefined ? /^([A-Za-z_][\w.]*)(!=|<=|>=|=|<|>)(.*)$/.exec(plain) : null
    if (match) filter.conditions.push({ key: match[1], sign: match[2], value: match[3] })
    else filter.words.push((quoted ?? plain).toLowerCase())
  }
  return filter
}

const holds = (v: Cell, { sign, value }: Condition): boolean => {
  const number = Number(value)
  if (typeof v === 'number' && value !== '' && !Number.isNaN(number)) {
    const near = Math.abs(v - number) <= 1e-12 * Math.max(Math.abs(v), Math.abs(number))
    return { '=': near, '!=': !near, '<': v < number, '>': v > number, '<=': v <= number, '>=': v >= number }[sign] ?? false
  }
  const equal = String(v ?? '').toLowerCase() === value.toLowerCase()
  return sign === '=' ? equal : sign === '!=' ? !equal : false
}

/** keys: of the columns. A condition on a column that is not there holds for no row. */
export function matcher(text: string, keys: readonly string[]): (row: readonly Cell[]) => boolean {
  const { words, conditions } = parseFilter(text)
  const places = conditions.map(condition => {
    const exact = keys.indexOf(condition.key)
    return exact >= 0 ? exact : keys.findIndex(key => key.endsWith('.' + condition.key))
  })
  return row => {
    if (!conditions.every((condition, i) => places[i] >= 0 && holds(row[places[i]], condition))) return false
    if (!words.length) return true
    const all = row.map(v => (typeof v === 'object' ? JSON.stringify(v) : String(v ?? ''))).join(' ').toLowerCase()
    return words.every(word => all.includes(word))
  }
}
