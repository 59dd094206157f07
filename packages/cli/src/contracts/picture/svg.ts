import type { Edge, Graph, Node } from './graph.js'
import { type Box, layOut } from './layout.js'

/** Draws a picture without another program: senders, exchanges, queues, receivers, from left to right. */
export function svgOf(graph: Graph): string {
  const { boxes, width, height } = layOut(graph.nodes)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="13">`,
    '<defs><marker id="end" viewBox="0 0 10 10" refX="10" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z"/></marker></defs>',
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...graph.edges.flatMap((edge) => line(edge, boxes)),
    ...graph.nodes.flatMap((node) => box(node, boxes)),
    '</svg>',
  ]
  return `${parts.join('\n')}\n`
}

function box({ id, shape, label, note }: Node, boxes: ReadonlyMap<string, Box>): string[] {
  const place = boxes.get(id)
  if (place === undefined) return []
  const { x, y, width, height } = place
  const round = { sender: height / 2, receiver: height / 2, exchange: 0, queue: 6, waiting: 6 }[shape]
  const style = `fill="${shape === 'exchange' ? '#fdf1d8' : '#eef3fb'}" stroke="#334"${shape === 'waiting' ? ' stroke-dasharray="5 4"' : ''}`
  const middle = y + height / 2 + 4
  const texts =
    note === undefined
      ? [[label, middle]]
      : [
          [label, middle - 8],
          [note, middle + 9],
        ]
  return [
    `<rect x="${x}" y="${y}" width="${width}" height="${height}" rx="${round}" ${style}/>`,
    ...texts.map(
      ([text, at]) => `<text x="${x + width / 2}" y="${at}" text-anchor="middle">${escaped(String(text))}</text>`,
    ),
  ]
}

function line({ from, to, label, isDashed }: Edge, boxes: ReadonlyMap<string, Box>): string[] {
  const [start, end] = [boxes.get(from), boxes.get(to)]
  if (start === undefined || end === undefined) return []
  const { path, at } = start.column === end.column ? around(start, end) : across(start, end)
  const dash = isDashed ? ' stroke-dasharray="5 4"' : ''
  return [
    `<path d="${path}" fill="none" stroke="#667"${dash} marker-end="url(#end)"/>`,
    ...(label === ''
      ? []
      : [`<text x="${at.x}" y="${at.y}" font-size="11" fill="#445" text-anchor="middle">${escaped(label)}</text>`]),
  ]
}

interface Drawn {
  readonly path: string
  readonly at: { readonly x: number; readonly y: number }
}

function across(start: Box, end: Box): Drawn {
  const isRight = end.x > start.x
  const [x1, x2] = isRight ? [start.x + start.width, end.x] : [start.x, end.x + end.width]
  const [y1, y2] = [start.y + start.height / 2, end.y + end.height / 2]
  const middle = (x1 + x2) / 2
  return { path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, at: { x: middle, y: (y1 + y2) / 2 - 4 } }
}

/** Draws an arrow down on the right side, or up on the left side, so that a path and the path back are separate. */
function around(start: Box, end: Box): Drawn {
  const isDown = end.y > start.y
  const side = isDown ? start.x + start.width : start.x
  const far = side + (isDown ? 34 : -34)
  const [y1, y2] = [start.y + start.height / 2, end.y + end.height / 2]
  const reach = isDown ? end.x + end.width : end.x
  // The label stands beside the lower of the two, where few lines meet.
  const at = { x: far + (isDown ? 14 : -14), y: Math.max(y1, y2) - 6 }
  return { path: `M${side} ${y1}C${far} ${y1} ${far} ${y2} ${reach} ${y2}`, at }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
