// What all panes share: cross-hair, pan and zoom, and how each layer looks.
import { batch, signal } from '@preact/signals'
import type { Vec3 } from '../../lib/geometry.ts'
import { clamp } from '../../lib/geometry.ts'
import { lookText, looksFrom, viewFrom, viewText } from '../../lib/look_query.ts'
import { firstLook, type Look, type Shown } from './layers.ts'

export const cursor = signal<Vec3>([0, 0, 0])              // voxel z, y, x of the first layer's grid
export const centre = signal<Vec3>([0, 0, 0])
export const zoom = signal(1)
export const crossHair = signal(true)
export const looks = signal<ReadonlyMap<string, Look>>(new Map())
export const arrived = signal(0)                           // counts tiles, so that panes draw again

let gridOf = ''
let written = { look: '', view: '' }                       // what the address last said because of us

export interface Said { at: number[]; show: string[]; look: string; view: string }

/**
 * A new case on the same grid keeps place and zoom; looks are kept by the layer's name, windows are the case's own. What the address says (ids
 * of the layers that are shown, their looks, the view) holds when it comes from a link, and not when it is what this page wrote for the case before.
 */
export function begin(shown: Shown, { at, show, look: lookSaid, view: viewSaid }: Said): void {
  const size = shown.layers[0]?.volume.size_zyx
  if (!size) return
  batch(() => {
    const old = looks.value
    const said = lookSaid && lookSaid !== written.look ? looksFrom(lookSaid) : null
    looks.value = new Map(shown.layers.map((layer, i) => {
      const look = firstLook(layer, i, shown), before = old.get(layer.id)
      const now = before ? { ...before, low: look.low, high: look.high, colours: before.colours.size ? before.colours : look.colours } : look
      const own = said?.get(layer.id)
      if (said) return [layer.id, { ...look, ...own, colours: new Map([...look.colours, ...(own?.colours ?? [])]), shown: show.length ? show.includes(layer.id) : look.shown }]
      return [layer.id, show.length ? { ...now, shown: show.includes(layer.id) || (!before && old.size > 0 && layer.kind === 'prediction') } : now]
    }))
    const middle: Vec3 = [size[0] / 2, size[1] / 2, size[2] / 2]
    if (gridOf !== size.join()) {
      gridOf = size.join()
      zoom.value = 1
      centre.value = middle
      cursor.value = middle.map(Math.floor) as Vec3
    }
    const place = viewSaid !== written.view ? viewFrom(viewSaid) : null
    if (place) {
      zoom.value = clamp(place[0], 0.25, 64)
      centre.value = [place[1], place[2], place[3]]
    }
    if (at.length === 3) cursor.value = at.map((v, i) => clamp(Math.round(v), 0, size[i] - 1)) as Vec3
  })
}

export function changeLook(id: string, change: Partial<Look>): void {
  const look = looks.value.get(id)
  if (look) looks.value = new Map(looks.value).set(id, { ...look, ...change })
}

export function moveCursor(to: Vec3, size: Vec3): void {
  cursor.value = to.map((v, i) => clamp(Math.floor(v), 0, size[i] - 1)) as Vec3
}

export function zoomBy(factor: number): void {
  zoom.value = clamp(zoom.value * factor, 0.25, 64)
}

export function resetView(size: Vec3): void {
  batch(() => {
    zoom.value = 1
    centre.value = [size[0] / 2, size[1] / 2, size[2] / 2]
  })
}

/** What the address says of looks and place, remembered as ours. */
export function saidOf(shown: Shown): { look: string | null; view: string | null } {
  const size = shown.layers[0].volume.size_zyx
  const layers = shown.layers.flatMap((layer, i) => { const now = looks.value.get(layer.id); return now ? [{ id: layer.id, now, first: firstLook(layer, i, shown) }] : [] })
  written = { look: lookText(layers), view: viewText(zoom.value, centre.value, size.map(v => v / 2)) }
  return { look: written.look || null, view: written.view || null }
}

/** What the address says of the layers: nothing while they are shown as they would be at first. */
export function shownText(shown: Shown): string {
  const on = shown.layers.filter(layer => looks.value.get(layer.id)?.shown)
  const usual = shown.layers.filter((layer, i) => firstLook(layer, i, shown).shown)
  return on.length === usual.length && on.every((layer, i) => layer === usual[i]) ? '' : on.map(layer => layer.id).join(',') || 'none'
}
