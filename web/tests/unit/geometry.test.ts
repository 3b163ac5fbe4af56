import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coarserThan, directions, levelFor, planeOf, screenMap, worldOf, type Vec3, type View } from '../../src/lib/geometry.ts'

const ras = [[1, 0, 0, -48], [0, 1, 0, -48], [0, 0, 3, -36]]
const lps = [[-1, 0, 0, 48], [0, -1, 0, 48], [0, 0, 3, -36]]
// voxel x along S, y along L, z along A, turned by a few degrees
const oblique = [[0.1, -2, 0.1, 0], [0.1, 0.1, 1, 0], [1.5, 0.1, -0.1, 0]]
const views: View[] = ['axial', 'coronal', 'sagittal']

test('directions of axes', () => {
  assert.deepEqual(directions(ras), { z: { world: 2, sign: 1 }, y: { world: 1, sign: 1 }, x: { world: 0, sign: 1 } })
  assert.deepEqual(directions(oblique), { z: { world: 1, sign: 1 }, y: { world: 0, sign: -1 }, x: { world: 2, sign: 1 } })
})

test('patient right is on the left of the screen, whatever the file', () => {
  for (const affine of [ras, lps, oblique]) {
    const of = directions(affine)
    for (const view of views) {
      const plane = planeOf(view, of)
      assert.deepEqual(plane.marks, { axial: { left: 'R', right: 'L', top: 'A', bottom: 'P' }, coronal: { left: 'R', right: 'L', top: 'S', bottom: 'I' }, sagittal: { left: 'A', right: 'P', top: 'S', bottom: 'I' } }[view])
      // The world moves as the marks say when one goes right on the screen.
      const map = screenMap(plane, [20, 30, 40], [1, 1, 1], { width: 100, height: 100 }, [10, 15, 20], 1)
      const left = worldOf(affine, map.toVoxel(10, 50, 5)), right = worldOf(affine, map.toVoxel(90, 50, 5))
      const top = worldOf(affine, map.toVoxel(50, 10, 5)), bottom = worldOf(affine, map.toVoxel(50, 90, 5))
      const axis = view === 'sagittal' ? 1 : 0
      assert.ok(right[axis] < left[axis], `${view}: right is towards L or P`)
      assert.ok(top[view === 'axial' ? 1 : 2] > bottom[view === 'axial' ? 1 : 2], `${view}: top is A or S`)
    }
  }
})

test('an image without a patient is shown as stored', () => {
  const plane = planeOf('coronal', directions(lps), false)
  assert.deepEqual(plane, { axis: 'y', h: { axis: 'x', flip: false }, v: { axis: 'z', flip: false }, marks: null })
})

test('screen and voxel are inverse, and the whole plane fits', () => {
  const size: Vec3 = [24, 96, 80], spacing: Vec3 = [3, 1, 1.5]
  for (const view of views) {
    const map = screenMap(planeOf(view, directions(ras)), size, spacing, { width: 640, height: 333 }, [12, 48, 40], 1)
    const back = map.toScreen(map.toVoxel(123, 45, 7))
    assert.ok(Math.abs(back[0] - 123) < 1e-9 && Math.abs(back[1] - 45) < 1e-9)
    for (const corner of [[0, 0, 0], size] as Vec3[]) {
      const [x, y] = map.toScreen(corner)
      assert.ok(x > 0 && x < 640 && y > 0 && y < 333, `${view} ${x} ${y}`)
    }
  }
})

test('the level has a voxel for every pixel', () => {
  const levels = [1, 2, 4, 8].map((f, level) => ({ level, factor_zyx: [f, f, f] as Vec3, size_zyx: [100, 100, 100] as Vec3 }))
  const plane = planeOf('axial', directions(ras))
  assert.equal(levelFor(levels, plane, [1, 1, 1]).level, 0)
  assert.equal(levelFor(levels, plane, [0.25, 0.25, 0.25]).level, 2)
  assert.equal(levelFor(levels, plane, [0.25, 0.25, 0.25], 2).level, 1)
  assert.equal(levelFor(levels, plane, [9, 9, 9]).level, 0)
})

test('while a level is on its way a stored one that is two coarser is shown, or one', () => {
  const levels = [0, 1, 2, 3].map(level => ({ level, factor_zyx: [1, 1, 1] as Vec3, size_zyx: [9, 9, 9] as Vec3, stored: level < 3 }))
  assert.equal(coarserThan(levels, levels[0])?.level, 2)
  assert.equal(coarserThan(levels, levels[1])?.level, 2)
  assert.equal(coarserThan(levels, levels[2]), null)
  assert.equal(coarserThan(levels, levels[3]), null)
})
