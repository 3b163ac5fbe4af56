// Tiles of planes from the server: the newest wish first, a few at a time, the last few hundred kept.
import { api } from '../../api/client.ts'
import type { FileAxis } from '../../lib/geometry.ts'
import { arrived } from './state.ts'

export interface TileName { volume: string; channel: number; axis: FileAxis; level: number; index: number; row: number; column: number; low: number; high: number }
export interface Tile { data: Uint16Array; width: number; height: number; painted: Map<string, OffscreenCanvas> }

const kept = 400                                           // of 128 KiB at most
const atOnce = 6
const mostWishes = 64                                      // the oldest are dropped: who scrolls past a plane does not wait for it
const tiles = new Map<string, Tile | 'failed'>()
const wishes = new Map<string, TileName>()
let running = 0

const keyOf = (t: TileName): string => `${t.volume} ${t.channel} ${t.axis} ${t.level} ${t.index} ${t.row} ${t.column} ${t.low} ${t.high}`

/** The tile, null while it is on its way, "failed" when the server could not make it. */
export function tile(name: TileName): Tile | 'failed' | null {
  const key = keyOf(name)
  const found = tiles.get(key)
  if (found) {
    tiles.delete(key)                                      // to the end: used last
    tiles.set(key, found)
    return found
  }
  wishes.delete(key)
  wishes.set(key, name)
  if (wishes.size > mostWishes) wishes.delete(wishes.keys().next().value!)
  void next()
  return null
}

/** What is there already, without asking for it. */
export const known = (name: TileName): Tile | null => {
  const found = tiles.get(keyOf(name))
  return found && found !== 'failed' ? found : null
}

async function next(): Promise<void> {
  if (running >= atOnce) return
  const newest = [...wishes].pop()
  if (!newest) return
  const [key, name] = newest
  wishes.delete(key)
  running++
  try {
    const { volume, row, column, ...rest } = name
    tiles.set(key, { ...(await api.tile(volume, { ...rest, tile_y: row, tile_x: column })), painted: new Map() })
  } catch {
    tiles.set(key, 'failed')
    setTimeout(() => tiles.delete(key), 10_000)            // the server may be back then
  } finally {
    running--
  }
  while (tiles.size > kept) tiles.delete(tiles.keys().next().value!)
  arrived.value++
  void next()
}
