// One plane of all shown layers onto a canvas.
import { axisIndex, coarserThan, levelFor, rowsOf, type Plane, type ScreenMap, type Vec3 } from '../../lib/geometry.ts'
import { paintDifference, paintImage, paintLabels } from '../../lib/paint.ts'
import type { Level, Volume } from '../../api/types.ts'
import { classColours, isJoined, isLabels, type Layer, type Look } from './layers.ts'
import { known, tile, type Tile, type TileName } from './tiles.ts'

export interface Drawing { plane: Plane; map: ScreenMap; cursor: Vec3; width: number; height: number; dots: number }

/** missing: tiles that are still on their way; covered: where one is, a coarser level is to be seen. */
export interface Drawn { missing: number; covered: boolean }

export function drawLayers(context: CanvasRenderingContext2D, layers: Layer[], looks: ReadonlyMap<string, Look>, drawing: Drawing): Drawn {
  const all: Drawn = { missing: 0, covered: true }
  let first = true
  for (const layer of layers) {
    const look = looks.get(layer.id)
    if (!look?.shown) continue
    const { missing, covered } = drawLayer(context, layer, look, drawing, first)
    all.missing += missing
    all.covered &&= covered
    if (layer.kind === 'image') first = false
  }
  return all
}

/** Asks for the planes before and after this one, so that the wheel finds them. */
export function prefetch(layers: Layer[], looks: ReadonlyMap<string, Look>, drawing: Drawing): void {
  const cut = axisIndex[drawing.plane.axis]
  for (const by of [-1, 1])
    for (const layer of layers) {
      const depth = drawing.cursor[cut] + by
      if (!looks.get(layer.id)?.shown || depth < 0 || depth >= layer.volume.size_zyx[cut]) continue
      const level = levelFor(layer.volume.levels, drawing.plane, drawing.map.scale, drawing.dots)
      for (const name of visibleTiles(layer, level, { ...drawing, cursor: drawing.cursor.map((v, i) => (i === cut ? depth : v)) as Vec3 })) tile(name)
    }
}

function drawLayer(context: CanvasRenderingContext2D, layer: Layer, look: Look, drawing: Drawing, lowest: boolean): Drawn {
  const { plane, map, dots } = drawing
  const level = levelFor(layer.volume.levels, plane, map.scale, dots)
  context.globalAlpha = lowest ? 1 : look.opacity
  context.imageSmoothingEnabled = !isLabels(layer.kind) && map.scale[axisIndex[plane.h.axis]] * level.factor_zyx[axisIndex[plane.h.axis]] < 4
  // A plane far from the last one lies in other blocks, whose decoding takes its time; the same of a coarser level takes little: it is asked for first, and
  // while it is on its way nothing else is.
  const coarser = lowest && layer.kind === 'image' && visibleTiles(layer, level, drawing).some(name => !known(name)) ? coarserThan(layer.volume.levels, level) : null
  const below = coarser ? drawTiles(context, layer, look, coarser, drawing, lowest) : 0
  const missing = below || drawTiles(context, layer, look, level, drawing, lowest)
  context.globalAlpha = 1
  return { missing, covered: !missing || (!!coarser && !below) }
}

/** Returns how many of a level's tiles are still on their way. */
function drawTiles(context: CanvasRenderingContext2D, layer: Layer, look: Look, level: Level, drawing: Drawing, lowest: boolean): number {
  let missing = 0
  for (const name of visibleTiles(layer, level, drawing)) {
    const painted = paintTile(layer, look, name, lowest)
    if (painted === null) missing++
    else if (painted !== 'failed') place(context, painted, name, layer.volume, level, drawing)
  }
  return missing
}

export function tileName(layer: Pick<Layer, 'volume' | 'channel' | 'range'>, level: Level, axis: TileName['axis'], depth: number, row: number, column: number): TileName {
  return {
    volume: layer.volume.id, channel: layer.channel, axis, level: level.level, row, column,
    index: Math.min(Math.floor(depth / level.factor_zyx[axisIndex[axis]]), level.size_zyx[axisIndex[axis]] - 1),
    low: layer.range.minimum ?? 0, high: Math.max(layer.range.maximum ?? 65535, (layer.range.minimum ?? 0) + 1e-6),
  }
}

function visibleTiles(layer: Layer, level: Level, { plane, map, cursor, width, height }: Drawing): TileName[] {
  const { row, column } = rowsOf(plane.axis)
  const r = axisIndex[row], c = axisIndex[column], side = layer.volume.tile
  const corners = [map.toVoxel(0, 0, 0), map.toVoxel(width, height, 0)]
  const span = (axis: number): [number, number] => {
    const from = Math.min(corners[0][axis], corners[1][axis]) / level.factor_zyx[axis], to = Math.max(corners[0][axis], corners[1][axis]) / level.factor_zyx[axis]
    return [Math.max(Math.floor(from / side), 0), Math.min(Math.floor(to / side), Math.ceil(level.size_zyx[axis] / side) - 1)]
  }
  const [r0, r1] = span(r), [c0, c1] = span(c)
  const names: TileName[] = []
  for (let y = r0; y <= r1; y++) for (let x = c0; x <= c1; x++) names.push(tileName(layer, level, plane.axis, cursor[axisIndex[plane.axis]], y, x))
  return names
}

function paintTile(layer: Layer, look: Look, name: TileName, lowest: boolean): OffscreenCanvas | 'failed' | null {
  const raw = tile(name)
  if (!raw || raw === 'failed') return raw
  let truth: Tile | 'failed' | null = null
  if (layer.kind === 'difference' && layer.against) {
    truth = tile({ ...name, volume: layer.against.id })
    if (!truth || truth === 'failed') return truth
  }
  const key = layer.kind === 'image' ? `${look.low} ${look.high} ${look.map} ${lowest}` : layer.kind === 'difference' ? 'difference' : `${look.outline} ${[...look.hidden].join()} ${[...look.colours].join()}`
  const found = raw.painted.get(key)
  if (found) return found
  const pixels = new ImageData(raw.width, raw.height)
  if (layer.kind === 'image') {
    const scale = 65535 / (name.high - name.low)
    paintImage(raw.data, (look.low - name.low) * scale, (look.high - name.low) * scale, look.map, !lowest, pixels.data)
  } else if (truth) paintDifference(raw.data, truth.data, pixels.data, isJoined(layer))
  else paintLabels(raw.data, raw.width, classColours(look), look.outline, pixels.data)
  const canvas = new OffscreenCanvas(raw.width, raw.height)
  canvas.getContext('2d')!.putImageData(pixels, 0, 0)
  raw.painted.clear()                                      // of one look at a time
  raw.painted.set(key, canvas)
  return canvas
}

// The tile's columns and rows become the screen's axes, turned and mirrored as the plane says.
function place(context: CanvasRenderingContext2D, picture: OffscreenCanvas, name: TileName, volume: Volume, level: Level, { plane, map, dots }: Drawing): void {
  const { row, column } = rowsOf(plane.axis)
  const r = axisIndex[row], c = axisIndex[column]
  const at = (y: number, x: number): [number, number] => {
    const p: Vec3 = [0, 0, 0]
    p[r] = (name.row * volume.tile + y) * level.factor_zyx[r]
    p[c] = (name.column * volume.tile + x) * level.factor_zyx[c]
    return map.toScreen(p)
  }
  const o = at(0, 0), u = at(0, 1), v = at(1, 0)
  context.save()
  context.setTransform((u[0] - o[0]) * dots, (u[1] - o[1]) * dots, (v[0] - o[0]) * dots, (v[1] - o[1]) * dots, o[0] * dots, o[1] * dots)
  context.drawImage(picture, 0, 0)
  context.restore()
}

/** The value under the cross-hair, from any tile that is there; null when none is. */
export function valueAt(layer: Layer, [z, y, x]: Vec3): number | null {
  const p: Vec3 = [z, y, x]
  for (const level of layer.volume.levels)
    for (const axis of ['z', 'y', 'x'] as const) {
      const { row, column } = rowsOf(axis)
      const r = Math.floor(p[axisIndex[row]] / level.factor_zyx[axisIndex[row]]), c = Math.floor(p[axisIndex[column]] / level.factor_zyx[axisIndex[column]])
      const side = layer.volume.tile
      const name = tileName(layer, level, axis, p[axisIndex[axis]], Math.floor(r / side), Math.floor(c / side))
      const found = known(name)
      if (!found) continue
      const raw = found.data[(r % side) * found.width + (c % side)]
      if (raw === undefined) continue
      if (isLabels(layer.kind)) return raw
      const v = name.low + (raw / 65535) * (name.high - name.low)
      return layer.range.integers ? Math.round(v) : v
    }
  return null
}

/** Asks for the tile of level 0 that holds this voxel. */
export function wish(layer: Layer, [z, y, x]: Vec3): void {
  const side = layer.volume.tile
  tile(tileName(layer, layer.volume.levels[0], 'z', z, Math.floor(y / side), Math.floor(x / side)))
}
