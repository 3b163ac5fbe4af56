// Specs as trees, and their values by dotted keys ("optimizer.learning_rate"), as --set and variables name them.
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
export type Table = { [key: string]: Json }

export const isTable = (v: unknown): v is Table => typeof v === 'object' && v !== null && !Array.isArray(v)

export function get(tree: Table, path: string): Json | undefined {
  let at: Json | undefined = tree
  for (const key of path.split('.')) {
    if (!isTable(at)) return undefined
    at = at[key]
  }
  return at
}

/** A copy with this value; undefined takes the key away, and tables that are empty then. */
export function set(tree: Table, path: string, value: Json | undefined): Table {
  const [key, ...rest] = path.split('.')
  const copy = { ...tree }
  if (!rest.length) {
    if (value === undefined) delete copy[key]
    else copy[key] = value
    return copy
  }
  const child = set(isTable(copy[key]) ? (copy[key] as Table) : {}, rest.join('.'), value)
  if (Object.keys(child).length) copy[key] = child
  else delete copy[key]
  return copy
}

/** All values that are no tables, by their dotted keys. */
export function flatten(tree: Table, prefix = ''): [string, Json][] {
  return Object.entries(tree).flatMap(([key, value]): [string, Json][] => {
    const path = prefix ? `${prefix}.${key}` : key
    return isTable(value) ? flatten(value, path) : [[path, value]]
  })
}

export const same = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((v, i) => same(v, b[i]))
  if (isTable(a) && isTable(b)) {
    const keys = Object.keys(a)
    return keys.length === Object.keys(b).length && keys.every(key => same(a[key], b[key]))
  }
  return false
}

/** Only what differs from the defaults: what is worth writing into a file. */
export function changes(tree: Table, defaults: Table): Table {
  const result: Table = {}
  for (const [key, value] of Object.entries(tree)) {
    const usual = defaults[key]
    if (isTable(value) && isTable(usual)) {
      const child = changes(value, usual)
      if (Object.keys(child).length) result[key] = child
    } else if (!same(value, usual)) result[key] = value
  }
  return result
}

/** `over` laid on `under`, table by table. */
export function merged(under: Table, over: Table): Table {
  const result: Table = { ...under }
  for (const [key, value] of Object.entries(over)) result[key] = isTable(value) && isTable(result[key]) ? merged(result[key] as Table, value) : value
  return result
}
