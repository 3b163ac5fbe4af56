// 3-D rendering by Niivue, in a file of its own because it is larger than all the rest: classes over a faint volume, or an overview that
// shows where the planes lie. The server sends at most 128 voxels per axis, whatever the size of the source.
import { Niivue, SLICE_TYPE } from '@niivue/niivue'
import { useEffect, useRef, useState } from 'preact/hooks'
import { address } from '../../api/client.ts'
import { worldOf } from '../../lib/geometry.ts'
import { Failure } from '../../parts/states.tsx'
import type { Layer, LabelClass, Shown } from './layers.ts'
import { cursor, looks } from './state.ts'

const most = 128
const source = (layer: Layer): { url: string; name: string } => ({ url: new URL(address(`volumes/${layer.volume.id}/nifti`, { most, channel: layer.channel }), document.baseURI).href, name: `${layer.name}.nii.gz` })

function labelMap(classes: LabelClass[]) {
  const top = Math.max(...classes.map(one => one.value), 1)
  const of = (pick: (one: LabelClass) => number) => Array.from({ length: top + 1 }, (_, v) => { const one = classes.find(each => each.value === v); return one ? pick(one) : 0 })
  return { R: of(one => one.colour[0]), G: of(one => one.colour[1]), B: of(one => one.colour[2]), A: of(() => 255), I: Array.from({ length: top + 1 }, (_, v) => v), labels: Array.from({ length: top + 1 }, (_, v) => classes.find(one => one.value === v)?.name ?? '') }
}

export function Volume3d({ shown, labels }: { shown: Shown; labels: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const view = useRef<Niivue | null>(null)
  const [error, setError] = useState<unknown>(null)
  const image = shown.layers.find(layer => layer.kind === 'image' && looks.value.get(layer.id)?.shown) ?? shown.layers[0]
  const overlay = shown.layers.find(layer => (layer.kind === 'prediction' || layer.kind === 'truth') && looks.value.get(layer.id)?.shown)

  // A canvas whose context was given back cannot have another one: every picture has a canvas of its own.
  const picture = [image.id, image.volume.id, overlay?.volume.id, labels].join(' ')
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
        { ...source(image), colormap: 'gray', opacity: labels && overlay ? 0.25 : 1, cal_min: look?.low, cal_max: look?.high },
        ...(overlay ? [{ ...source(overlay), opacity: 1 }] : []),
      ])
      if (!current) return
      if (overlay && nv.volumes[1] && shown.classes.length) nv.volumes[1].setColormapLabel(labelMap(shown.classes))
      nv.updateGLVolume()
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

  return <div class="pane"><canvas key={picture} ref={canvas} aria-label="3-D view" hidden={!!error} />{error ? <Failure error={error} /> : null}</div>
}

// Through millimetres, because Niivue turns volumes to its own axes.
function follow(nv: Niivue, image: Layer): void {
  if (!nv.volumes[0]) return
  nv.scene.crosshairPos = nv.mm2frac(worldOf(image.volume.affine, cursor.value))
  nv.drawScene()
}
