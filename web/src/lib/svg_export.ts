// A chart as a file. Styles come from the page's style sheets, so they are copied into the drawing first; a PNG is painted shape by
// shape on a canvas, because a picture made from the drawing itself would need a blob: address, which the page's policy forbids.
const properties = ['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-opacity', 'stroke-dasharray', 'stroke-linejoin', 'opacity', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline'] as const

export function svgText(svg: SVGSVGElement, paper: string): string {
  const copy = svg.cloneNode(true) as SVGSVGElement
  const from = svg.querySelectorAll('*'), to = copy.querySelectorAll('*')
  from.forEach((element, i) => {
    const style = getComputedStyle(element)
    for (const name of properties) to[i].setAttribute(name, style.getPropertyValue(name))
    to[i].removeAttribute('class')
    to[i].removeAttribute('style')
    to[i].removeAttribute('tabindex')
  })
  const { width, height } = svg.getBoundingClientRect()
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg')
  copy.setAttribute('width', String(width))
  copy.setAttribute('height', String(height))
  copy.setAttribute('font-family', 'system-ui, sans-serif')
  const back = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
  for (const [key, value] of [['width', '100%'], ['height', '100%'], ['fill', paper]]) back.setAttribute(key, value)
  copy.insertBefore(back, copy.firstChild)
  return new XMLSerializer().serializeToString(copy)
}

export async function svgPng(svg: SVGSVGElement, paper: string, scale = 2): Promise<Blob> {
  const box = svg.getBoundingClientRect()
  const canvas = document.createElement('canvas')
  canvas.width = Math.ceil(box.width * scale)
  canvas.height = Math.ceil(box.height * scale)
  const context = canvas.getContext('2d')!
  context.fillStyle = paper
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.scale(scale, scale)
  // What lies in the drawing is put where its own matrix puts it on the page, less the place of the drawing.
  for (const element of svg.querySelectorAll<SVGGraphicsElement>('rect, line, circle, path, polyline, polygon, text')) paint(context, element, box)
  return new Promise((resolve, reject) => canvas.toBlob(blob => (blob ? resolve(blob) : reject(new Error('The browser could not write this picture as PNG; try SVG.'))), 'image/png'))
}

function paint(context: CanvasRenderingContext2D, element: SVGGraphicsElement, box: DOMRect): void {
  if (element.closest('defs, clipPath, marker')) return
  const style = getComputedStyle(element)
  if (style.display === 'none' || style.visibility === 'hidden') return
  const matrix = element.getScreenCTM()
  if (!matrix) return
  context.save()
  const { a, b, c, d, e, f } = matrix
  context.transform(a, b, c, d, e - box.left, f - box.top)
  let opacity = 1
  for (let at: Element | null = element; at && at.tagName !== 'svg'; at = at.parentElement) opacity *= Number(getComputedStyle(at).opacity)
  if (element.tagName === 'text') paintText(context, element as SVGTextElement, style, opacity)
  else {
    const path = outline(element)
    if (style.fill !== 'none') {
      context.globalAlpha = opacity * Number(style.fillOpacity)
      context.fillStyle = style.fill
      context.fill(path)
    }
    if (style.stroke !== 'none') {
      context.globalAlpha = opacity * Number(style.strokeOpacity)
      context.strokeStyle = style.stroke
      context.lineWidth = parseFloat(style.strokeWidth)
      if (style.strokeDasharray !== 'none') context.setLineDash(style.strokeDasharray.split(/[ ,]+/).map(parseFloat))
      context.stroke(path)
    }
  }
  context.restore()
}

function outline(element: SVGGraphicsElement): Path2D {
  const n = (name: string) => Number(element.getAttribute(name) ?? 0)
  const path = new Path2D()
  if (element.tagName === 'path') return new Path2D(element.getAttribute('d') ?? '')
  if (element.tagName === 'line') path.moveTo(n('x1'), n('y1')), path.lineTo(n('x2'), n('y2'))
  else if (element.tagName === 'circle') path.arc(n('cx'), n('cy'), n('r'), 0, 2 * Math.PI)
  else if (element.tagName === 'rect') path.roundRect(n('x'), n('y'), Math.max(n('width'), 0), Math.max(n('height'), 0), n('rx'))
  else {
    const points = (element.getAttribute('points') ?? '').trim().split(/[ ,]+/).map(Number)
    for (let i = 0; i + 1 < points.length; i += 2) i ? path.lineTo(points[i], points[i + 1]) : path.moveTo(points[i], points[i + 1])
    if (element.tagName === 'polygon') path.closePath()
  }
  return path
}

function paintText(context: CanvasRenderingContext2D, element: SVGTextElement, style: CSSStyleDeclaration, opacity: number): void {
  context.globalAlpha = opacity * Number(style.fillOpacity)
  context.fillStyle = style.fill
  context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`
  context.textAlign = style.textAnchor === 'middle' ? 'center' : style.textAnchor === 'end' ? 'right' : 'left'
  context.textBaseline = style.dominantBaseline === 'middle' || style.dominantBaseline === 'central' ? 'middle' : 'alphabetic'
  const n = (name: string) => parseFloat(element.getAttribute(name) ?? '0')
  context.fillText(element.textContent ?? '', n('x') + n('dx'), n('y') + n('dy'))
}
