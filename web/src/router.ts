// Each view and each selection is an address after the page's #: "#/experiments/hn-loo/trials?select=3,16". What stands before the #
// is never touched, so the page works from any folder and behind any proxy.
import { signal } from '@preact/signals'

export interface Route { path: string[]; query: URLSearchParams }

export function parse(hash: string): Route {
  const [path, query = ''] = hash.replace(/^#/, '').split('?', 2)
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) }
}

export function href(path: string[], query: Record<string, string | number | null | undefined> = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString().replaceAll('%2C', ',').replaceAll('%3A', ':')
  return '#/' + path.map(encodeURIComponent).join('/') + (text ? '?' + text : '')
}

export const route = signal<Route>({ path: [], query: new URLSearchParams() })

export function startRouter(): void {
  const read = () => (route.value = parse(location.hash))
  window.addEventListener('hashchange', read)
  read()
}

export function go(path: string[], query: Record<string, string | number | null | undefined> = {}, replace = false): void {
  const next = href(path, query)
  if (next === location.hash) return
  if (replace) history.replaceState(null, '', next)
  else history.pushState(null, '', next)
  route.value = parse(next)
}

/** Changes some keys of the address and keeps the rest; null takes a key away. Going back undoes it unless `replace`. */
export function setQuery(changes: Record<string, string | number | null | undefined>, replace = true): void {
  go(route.value.path, { ...Object.fromEntries(route.value.query), ...changes }, replace)
}

export const queryText = (key: string, fallback = ''): string => route.value.query.get(key) ?? fallback
export function queryNumbers(key: string): number[] {
  return queryText(key).split(',').filter(Boolean).map(Number).filter(Number.isFinite)
}
