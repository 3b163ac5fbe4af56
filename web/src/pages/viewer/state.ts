// What all panes share: cross-hair, pan and zoom, and how each layer looks.
import { batch, signal } from '@preact/signals'
import type { Vec3 } from '../../lib/geometry.ts'
import { clamp } from '../../lib/geometry.ts'
import { firstLook, type Look, type Shown } from './layers.ts'

export const cursor = signal<Vec3>([0, 0, 0])              // voxel z, y, x of the first layer's grid
export const centre = signal<Vec3>([0, 0, 0])
export const zoom = signal(1)
export const crossHair = signal(true)
export const looks = signal<ReadonlyMap<string, Look>>(new Map())
export const arrived = signal(0)                           // counts tiles, so that panes draw again

let gridOf = ''

/** A new case on the same grid keeps place and zoom; looks are kept by the layer's name. show: ids of the layers that the address names. */
export function begin(shown: Shown, at: number[], show: string[] = []): void {
  const size = shown.layers[0]?.volume.size_zyx
  if (!size) return
  batch(() => {
    const old = looks.value
    looks.value = new Map(shown.layers.map((layer, i) => {
      const look = firstLook(layer, i, shown.classes), before = old.get(layer.id)
      const now = before ? { ...before, low: look.low, high: look.high, colours: before.colours.size ? before.colours : look.colours } : look
      return [layer.id, show.length ? { ...now, shown: show.includes(layer.id) || (!before && old.size > 0 && layer.kind === 'prediction') } : now]
    }))
    const middle: Vec3 = [size[0] / 2, size[1] / 2, size[2] / 2]
    if (gridOf !== size.join()) {
      gridOf = size.join()
      zoom.value = 1
      centre.value = middle
      cursor.value = middle.map(Math.floor) as Vec3
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

/** What the address says of the layers: nothing while they are shown as they would be at first. */
export function shownText(shown: Shown): string {
  const on = shown.layers.filter(layer => looks.value.get(layer.id)?.shown)
  const usual = shown.layers.filter((layer, i) => firstLook(layer, i, shown.classes).shown)
  return on.length === usual.length && on.every((layer, i) => layer === usual[i]) ? '' : on.map(layer => layer.id).join(',') || 'none'
}
