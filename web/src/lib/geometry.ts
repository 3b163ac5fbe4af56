// How a file's voxels lie on the screen. Files store z,y,x; the affine maps voxel (x, y, z) to RAS+ mm; views are radiological: the
// patient's right is on the left of the screen, front on top of axial planes, head on top of the others, nose to the left in sagittal ones.
export type FileAxis = 'z' | 'y' | 'x'
export type View = 'axial' | 'coronal' | 'sagittal'
export type Vec3 = [number, number, number]                // by file axis: z, y, x
export const axisIndex: Record<FileAxis, 0 | 1 | 2> = { z: 0, y: 1, x: 2 }
const fileAxes: FileAxis[] = ['z', 'y', 'x']

export interface Direction { world: 0 | 1 | 2; sign: 1 | -1 }  // R, A, S and whether the axis runs along it
export interface Side { axis: FileAxis; flip: boolean }         // flip: the axis runs to the left, or upwards, on the screen
export interface Plane {
  axis: FileAxis                                                // that is cut
  h: Side
  v: Side
  marks: { left: string; right: string; top: string; bottom: string } | null
}

/** Which world axis each file axis follows most, every world axis once: the assignment with the largest sum of cosines. */
export function directions(affine: readonly (readonly number[])[]): Record<FileAxis, Direction> {
  const column = (axis: FileAxis) => 2 - axisIndex[axis]        // x is the affine's first column
  const cosine = (axis: FileAxis, world: number) => {
    const length = Math.hypot(affine[0][column(axis)], affine[1][column(axis)], affine[2][column(axis)]) || 1
    return affine[world][column(axis)] / length
  }
  const orders: [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2][] = [[2, 1, 0], [1, 2, 0], [2, 0, 1], [0, 2, 1], [1, 0, 2], [0, 1, 2]]
  const score = (order: readonly number[]) => fileAxes.reduce((sum, axis, i) => sum + Math.abs(cosine(axis, order[i])), 0)
  const best = orders.reduce((a, b) => (score(b) > score(a) + 1e-9 ? b : a))
  const of = (axis: FileAxis): Direction => ({ world: best[axisIndex[axis]], sign: cosine(axis, best[axisIndex[axis]]) < 0 ? -1 : 1 })
  return { z: of('z'), y: of('y'), x: of('x') }
}

const letters = [['L', 'R'], ['P', 'A'], ['I', 'S']]            // towards less, towards more
// world axis along the screen's x and y, and towards which side of it the screen runs
const screens: Record<View, { cut: 0 | 1 | 2; h: [0 | 1 | 2, 1 | -1]; v: [0 | 1 | 2, 1 | -1] }> = {
  axial: { cut: 2, h: [0, -1], v: [1, -1] },
  coronal: { cut: 1, h: [0, -1], v: [2, -1] },
  sagittal: { cut: 0, h: [1, -1], v: [2, -1] },
}

/** known: false for images without a patient: the axes as stored, x to the right, the other one down. */
export function planeOf(view: View, of: Record<FileAxis, Direction>, known = true): Plane {
  if (!known) {
    const [axis, h, v]: [FileAxis, FileAxis, FileAxis] = view === 'axial' ? ['z', 'x', 'y'] : view === 'coronal' ? ['y', 'x', 'z'] : ['x', 'y', 'z']
    return { axis, h: { axis: h, flip: false }, v: { axis: v, flip: false }, marks: null }
  }
  const along = (world: number) => fileAxes.find(axis => of[axis].world === world)!
  const { cut, h, v } = screens[view]
  const side = ([world, towards]: [0 | 1 | 2, 1 | -1]): Side => ({ axis: along(world), flip: of[along(world)].sign !== towards })
  const end = ([world, towards]: [0 | 1 | 2, 1 | -1], far: boolean) => letters[world][far === towards > 0 ? 1 : 0]
  return { axis: along(cut), h: side(h), v: side(v), marks: { left: end(h, false), right: end(h, true), top: end(v, false), bottom: end(v, true) } }
}

/** World position of a voxel's centre. */
export function worldOf(affine: readonly (readonly number[])[], [z, y, x]: Vec3): [number, number, number] {
  const row = (i: number) => affine[i][0] * x + affine[i][1] * y + affine[i][2] * z + affine[i][3]
  return [row(0), row(1), row(2)]
}

/** Rows and columns of the plane that the server sends when it cuts along this axis. */
export const rowsOf = (axis: FileAxis): { row: FileAxis; column: FileAxis } =>
  axis === 'z' ? { row: 'y', column: 'x' } : axis === 'y' ? { row: 'z', column: 'x' } : { row: 'z', column: 'y' }

export interface ScreenMap {
  scale: Vec3                                               // pixels per voxel along each axis
  toScreen(v: Vec3): [number, number]
  toVoxel(x: number, y: number, depth: number): Vec3        // depth: along the cut axis
}

/** centre: the voxel in the middle of the pane; zoom 1 = the whole plane fits. */
export function screenMap(plane: Plane, size: Vec3, spacing: Vec3, pane: { width: number; height: number }, centre: Vec3, zoom: number): ScreenMap {
  const h = axisIndex[plane.h.axis], v = axisIndex[plane.v.axis], cut = axisIndex[plane.axis]
  const perMm = Math.min(pane.width / (size[h] * spacing[h]), pane.height / (size[v] * spacing[v])) * 0.96 * zoom
  const scale: Vec3 = [spacing[0] * perMm, spacing[1] * perMm, spacing[2] * perMm]
  const sign = (flip: boolean) => (flip ? -1 : 1)
  return {
    scale,
    toScreen: p => [
      pane.width / 2 + sign(plane.h.flip) * (p[h] - centre[h]) * scale[h],
      pane.height / 2 + sign(plane.v.flip) * (p[v] - centre[v]) * scale[v],
    ],
    toVoxel: (x, y, depth) => {
      const p: Vec3 = [0, 0, 0]
      p[h] = centre[h] + (sign(plane.h.flip) * (x - pane.width / 2)) / scale[h]
      p[v] = centre[v] + (sign(plane.v.flip) * (y - pane.height / 2)) / scale[v]
      p[cut] = depth
      return p
    },
  }
}

interface LevelSize { level: number; factor_zyx: Vec3; size_zyx: Vec3 }

/** The coarsest level that still has a voxel for every pixel, given pixels per voxel of level 0 in the plane. */
export function levelFor<L extends LevelSize>(levels: readonly L[], plane: Plane, scale: Vec3, dots = 1): L {
  const h = axisIndex[plane.h.axis], v = axisIndex[plane.v.axis]
  const fits = (one: L) => one.factor_zyx[h] * scale[h] * dots <= 1.01 && one.factor_zyx[v] * scale[v] * dots <= 1.01
  return [...levels].reverse().find(fits) ?? levels[0]
}

/** The stored level that is shown while the tiles of `level` are on their way: an eighth to a sixty-fourth of its voxels along with it; null where there is none. */
export function coarserThan<L extends LevelSize & { stored: boolean }>(levels: readonly L[], level: L): L | null {
  return [2, 1].map(by => levels[levels.indexOf(level) + by]).find(one => one?.stored) ?? null
}

export const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v, low), high)
