// One plane on the screen. Wheel: slice; drag: pan; ctrl-drag: window; click: cross-hair; ctrl-wheel: zoom. Panes move together.
import { useEffect, useRef, useState } from 'preact/hooks'
import { axisIndex, clamp, planeOf, screenMap, directions, type ScreenMap, type Vec3, type View } from '../../lib/geometry.ts'
import { drawLayers, prefetch } from './draw.ts'
import type { Layer } from './layers.ts'
import { arrived, centre, changeLook, crossHair, cursor, looks, moveCursor, zoom, zoomBy } from './state.ts'

interface Props {
  view: View
  layers: Layer[]                                          // drawn in this order; the first gives the grid
  name?: string
  shown?: ReadonlySet<string>                              // only these, whatever their looks say
  onFocus?: (view: View) => void
}

// Milliseconds that an incomplete picture waits for its tiles; where a coarser one covers it, it is shown sooner, and yet not with every step of the wheel.
const patience = { bare: 180, covered: 60 }

export function Pane({ view, layers, name, shown, onFocus }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [size, setSize] = useState({ width: 0, height: 0 })
  const drag = useRef<{ x: number; y: number; from: Vec3; window: boolean; moved: boolean; low: number; high: number } | null>(null)
  const waiting = useRef(0)                                // since when tiles are missing; 0 = none are
  const [late, setLate] = useState(0)
  const { volume } = layers[0]
  const plane = planeOf(view, directions(volume.affine), volume.orientation_known)
  const cut = axisIndex[plane.axis]
  const map: ScreenMap = screenMap(plane, volume.size_zyx, volume.spacing_zyx_mm, size.width ? size : { width: 1, height: 1 }, centre.value, zoom.value)
  const now = cursor.value
  const all = shown ? new Map([...looks.value].map(([id, look]) => [id, { ...look, shown: shown.has(id) }])) : looks.value

  useEffect(() => {
    const element = canvas.current!.parentElement!
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  // Read here so that the pane is drawn again when a tile arrives.
  void arrived.value
  useEffect(() => {
    if (!size.width) return
    let timer = 0
    const frame = requestAnimationFrame(() => {
      const dots = window.devicePixelRatio || 1
      const front = canvas.current
      if (!front) return                                   // the pane went away before its cleanup ran
      const back = new OffscreenCanvas(Math.round(size.width * dots), Math.round(size.height * dots))
      const context = back.getContext('2d')! as unknown as CanvasRenderingContext2D
      const { missing, covered } = drawLayers(context, layers, all, { plane, map, cursor: now, ...size, dots })
      if (!missing) {
        waiting.current = 0
        timer = window.setTimeout(() => prefetch(layers, all, { plane, map, cursor: now, ...size, dots }), 250)
      }
      else {                                               // the old picture until the new one is whole, or late
        if (!waiting.current) waiting.current = performance.now()
        const left = waiting.current + (covered ? patience.covered : patience.bare) - performance.now()
        if (left > 0) {
          timer = window.setTimeout(() => setLate(n => n + 1), left)
          return
        }
      }
      if (front.width !== back.width || front.height !== back.height) front.width = back.width, front.height = back.height
      const shownContext = front.getContext('2d')!
      shownContext.clearRect(0, 0, front.width, front.height)
      shownContext.drawImage(back, 0, 0)
      if (crossHair.value) drawCross(shownContext, map.toScreen(now.map(v => v + 0.5) as Vec3), dots)
    })
    return () => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
    }
  }, [layers, all, view, now, centre.value, zoom.value, size, crossHair.value, arrived.value, late])

  const place = (event: PointerEvent | WheelEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect()
    return [event.clientX - box.left, event.clientY - box.top]
  }
  const top = layers.find(layer => layer.kind === 'image' && all.get(layer.id)?.shown)

  const onPointerDown = (event: PointerEvent) => {
    canvas.current!.setPointerCapture(event.pointerId)
    onFocus?.(view)
    const look = top && looks.value.get(top.id)
    drag.current = { x: event.clientX, y: event.clientY, from: centre.value, window: event.ctrlKey || event.metaKey, moved: false, low: look?.low ?? 0, high: look?.high ?? 1 }
  }
  const onPointerMove = (event: PointerEvent) => {
    const start = drag.current
    if (!start) return
    const dx = event.clientX - start.x, dy = event.clientY - start.y
    if (Math.hypot(dx, dy) > 3) start.moved = true
    if (!start.moved) return
    if (start.window && top) {
      const width = Math.max((start.high - start.low) * Math.exp(dx / 200), 1e-9), level = (start.low + start.high) / 2 + (dy / 300) * (start.high - start.low)
      changeLook(top.id, { low: level - width / 2, high: level + width / 2 })
    } else if (!start.window) {
      const next: Vec3 = [...start.from]
      for (const side of [plane.h, plane.v]) {
        const axis = axisIndex[side.axis], moved = side === plane.h ? dx : dy
        next[axis] = start.from[axis] - ((side.flip ? -1 : 1) * moved) / map.scale[axis]
      }
      centre.value = next
    }
  }
  const onPointerUp = (event: PointerEvent) => {
    if (drag.current && !drag.current.moved) moveCursor(map.toVoxel(...place(event), now[cut]), volume.size_zyx)
    drag.current = null
  }
  const onWheel = (event: WheelEvent) => {
    event.preventDefault()
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      const before = map.toVoxel(...place(event), now[cut]), factor = Math.exp(-(event.deltaY || event.deltaX) / 400)
      const old = zoom.value
      zoomBy(factor)
      const grown = zoom.value / old
      centre.value = centre.value.map((v, i) => (i === cut ? v : before[i] + (v - before[i]) / grown)) as Vec3
    } else moveCursor(now.map((v, i) => (i === cut ? clamp(v + Math.sign(event.deltaY), 0, volume.size_zyx[i] - 1) : v)) as Vec3, volume.size_zyx)
  }
  useEffect(() => {
    const element = canvas.current!
    element.addEventListener('wheel', wheel, { passive: false })
    return () => element.removeEventListener('wheel', wheel)
    function wheel(event: WheelEvent) {
      newest.current(event)
    }
  }, [])
  const newest = useRef(onWheel)
  newest.current = onWheel

  return (
    <div class="pane" data-view={view}>
      <canvas ref={canvas} tabIndex={-1} aria-label={`${name ?? view} plane`} onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp} onPointerCancel={() => (drag.current = null)} />
      {name && <span class="mark name">{name}</span>}
      <span class="mark place">{plane.axis} {now[cut]} / {volume.size_zyx[cut] - 1}</span>
      <input class="slice" type="range" aria-label={`Slice of the ${view} plane`} tabIndex={-1} min={0} max={volume.size_zyx[cut] - 1} value={now[cut]}
        onInput={event => moveCursor(now.map((v, i) => (i === cut ? event.currentTarget.valueAsNumber : v)) as Vec3, volume.size_zyx)} />
      {plane.marks && (['left', 'right', 'top', 'bottom'] as const).map(side => <span key={side} class={`mark edge-${side}`}>{plane.marks![side]}</span>)}
    </div>
  )
}

function drawCross(context: CanvasRenderingContext2D, [x, y]: [number, number], dots: number): void {
  const { width, height } = context.canvas
  context.strokeStyle = '#56b4e9aa'
  context.lineWidth = 1
  context.beginPath()
  const gap = 8 * dots, cx = Math.round(x * dots) + 0.5, cy = Math.round(y * dots) + 0.5
  for (const [x0, y0, x1, y1] of [[0, cy, cx - gap, cy], [cx + gap, cy, width, cy], [cx, 0, cx, cy - gap], [cx, cy + gap, cx, height]]) context.moveTo(x0, y0), context.lineTo(x1, y1)
  context.stroke()
}
