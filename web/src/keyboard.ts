// Keys of the page. A view registers its own while it is shown; `?` lists what holds now. Nothing fires while one types.
import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

export interface Key { key: string; say: string; run: (event: KeyboardEvent) => void }  // key: as KeyboardEvent.key; "g e" = one after the other
export const layers = signal<{ title: string; keys: Key[] }[]>([])
export const helpShown = signal(false)

const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || target.tagName === 'TEXTAREA' || target.tagName === 'SELECT' || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'range', 'button'].includes(target.type)))

let first = ''
let forget = 0

function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  if (event.key === 'Escape' && helpShown.value) return void (helpShown.value = false)
  if (typing(event.target)) {
    // The browser itself empties a search field first.
    if (event.key === 'Escape' && !(event.target instanceof HTMLInputElement && event.target.type === 'search' && event.target.value)) (event.target as HTMLElement).blur()
    return
  }
  const pressed = first ? `${first} ${event.key}` : event.key
  clearTimeout(forget)
  const all = layers.value.flatMap(layer => layer.keys).reverse()
  const found = all.find(one => one.key === pressed) ?? all.find(one => one.key === event.key)
  first = !found && all.some(one => one.key.startsWith(event.key + ' ')) ? event.key : ''
  if (first) forget = window.setTimeout(() => (first = ''), 1200)
  if (!found) return
  event.preventDefault()
  found.run(event)
}

export const startKeyboard = (): void => window.addEventListener('keydown', onKey)

export function addKeys(title: string, keys: Key[]): () => void {
  const layer = { title, keys }
  layers.value = [...layers.value, layer]
  return () => (layers.value = layers.value.filter(one => one !== layer))
}

/** The newest functions are called, so they need not be stable; the set of keys is fixed while the part is shown. */
export function useKeys(title: string, keys: Key[]): void {
  const newest = useRef(keys)
  newest.current = keys
  useEffect(() => addKeys(title, keys.map((one, i) => ({ ...one, run: (event: KeyboardEvent) => newest.current[i]?.run(event) }))), [title, keys.length])
}
