// 3-D rendering by Niivue, in a file of its own because it is larger than all the rest: classes over a faint volume, or an overview that
// shows where the planes lie. The server sends at most 128 voxels per axis, whatever the size of the source.
import { Niivue, SLICE_TYPE } from '@niivue/niivue'
import { useEffect, useRef, useState } from 'preact/hooks'
import { address } from '../../api/client.ts'
import { worldOf } from '../../lib/geometry.ts'
import { Failure } from '../../parts/states.tsx'
import { classesOf, type LabelClass, type Layer, type Look, type Shown } from './layers.ts'
import { cursor, looks } from './state.ts'

const most = 128
const most3d = 3                                           // layers of labels at once
const source = (layer: Layer): { url: string; name: string } => ({ url: new URL(address(`volumes/${layer.volume.id}/nifti`, { most, channel: layer.channel }), document.baseURI).href, name: `${layer.name}.nii.gz` })

// Eyes and colours of the classes are those of the panel.
function labelMap(classes: LabelClass[], look: Look | undefined) {
  const top = Math.max(...classes.map(one => one.value), 1)
  const of = (pick: (one: LabelClass) => number) => Array.from({ length: top + 1 }, (_, v) => { const one = classes.find(each => each.value === v); return one ? pick(one) : 0 })
  const part = (k: 0 | 1 | 2) => of(one => (look?.colours.get(one.value) ?? one.colour)[k])
  return { R: part(0), G: part(1), B: part(2), A: of(one => (look?.hidden.has(one.value) ? 0 : 255)), I: Array.from({ length: top + 1 }, (_, v) => v), labels: Array.from({ length: top + 1 }, (_, v) => classes.find(one => one.value === v)?.name ?? '') }
}

export function Volume3d({ shown, labels }: { shown: Shown; labels: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const view = useRef<Niivue | null>(null)
  const [error, setError] = useState<unknown>(null)
  const image = shown.layers.find(layer => layer.kind === 'image' && looks.value.get(layer.id)?.shown) ?? shown.layers[0]
  const overlays = shown.layers.filter(layer => (layer.kind === 'prediction' || layer.kind === 'truth') && looks.value.get(layer.id)?.shown).slice(0, most3d)
  const their = overlays.map(layer => looks.value.get(layer.id)), classes = overlays.map(layer => classesOf(layer, shown))

  // A canvas whose context was given back cannot have another one: every picture has a canvas of its own.
  const picture = [image.id, image.volume.id, ...overlays.map(layer => layer.volume.id), labels].join(' ')
  useEffect(() => {
    let current = true
    const element = canvas.current!
    setError(null)
    const nv = new Niivue({ backColor: [0, 0, 0, 1], show3Dcrosshair: true, crosshairWidth: 0.6, crosshairColor: [0.34, 0.71, 0.91, 1], isColorbar: false, isOrientCube: image.volume.orientation_known, dragAndDropEnabled: false, clipPlaneHotKey: '', viewModeHotKey: '', cycleClipPlaneHotKey: '', logLevel: 'silent', loadingText: '' })
    const begin = async () => {
      await nv.attachToCanvas(element)
      nv.setSliceType(SLICE_TYPE.RENDER)
      const look = looks.value.get(image.id)
      await nv.loadVolumes([
        { ...source(image), colormap: 'gray', opacity: labels && overlays.length ? 0.25 : 1, cal_min: look?.low, cal_max: look?.high },
        ...overlays.map(layer => ({ ...source(layer), opacity: 1 })),
      ])
      if (!current) return
      paint(nv, classes, overlays.map(layer => looks.value.get(layer.id)))
      view.current = nv
      follow(nv, image)
    }
    begin().catch((why: unknown) => current && setError(why instanceof Error ? why : new Error('The 3-D view could not begin: is WebGL 2 there? The planes need none.')))
    return () => {
      current = false
      view.current = null
      nv.cleanup()
      element.getContext('webgl2')?.getExtension('WEBGL_lose_context')?.loseContext()
    }
  }, [picture])

  useEffect(() => {
    if (view.current) follow(view.current, image)
  }, [cursor.value])
  useEffect(() => {
    if (view.current) paint(view.current, classes, their)
  }, their.flatMap(look => [look?.hidden, look?.colours, look?.opacity]).concat(Array<undefined>(3 * (most3d - their.length)).fill(undefined)))

  return <div class="pane"><canvas key={picture} ref={canvas} aria-label="3-D view" hidden={!!error} />{error ? <Failure error={error} /> : null}</div>
}

// One layer of labels is solid; several let each other be seen as far as their opacity says.
function paint(nv: Niivue, classes: LabelClass[][], their: (Look | undefined)[]): void {
  their.forEach((look, i) => {
    const volume = nv.volumes[i + 1]
    if (!volume) return
    if (classes[i].length) volume.setColormapLabel(labelMap(classes[i], look))
    volume.opacity = their.length > 1 ? (look?.opacity ?? 1) : 1
  })
  nv.updateGLVolume()
}

// Through millimetres, because Niivue turns volumes to its own axes.
function follow(nv: Niivue, image: Layer): void {
  if (!nv.volumes[0]) return
  nv.scene.crosshairPos = nv.mm2frac(worldOf(image.volume.affine, cursor.value))
  nv.drawScene()
}
