import type { Node } from './graph.js'

/** The place of a box. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly column: number
}

/** Boxes by the ids of their nodes, and the size of the whole picture. */
export interface Layout {
  readonly boxes: ReadonlyMap<string, Box>
  readonly width: number
  readonly height: number
}

const COLUMNS: Readonly<Record<Node['shape'], number>> = { sender: 0, exchange: 1, queue: 2, waiting: 2, receiver: 3 }
const MARGIN = 24
const GAP = { x: 130, y: 26 }
const HEIGHT = 44
const CHARACTER = 8

/** Arranges the nodes in columns. A queue is followed by the queues in which its messages wait. */
export function layOut(nodes: readonly Node[]): Layout {
  const boxes = new Map<string, Box>()
  let x = MARGIN
  let height = 0
  for (const column of [0, 1, 2, 3]) {
    const inside = nodes.filter(({ shape }) => COLUMNS[shape] === column).sort(byFamily)
    if (inside.length === 0) continue
    const width = Math.max(...inside.map(widthOf))
    for (const [row, node] of inside.entries()) {
      boxes.set(node.id, { x, y: MARGIN + row * (HEIGHT + GAP.y), width, height: HEIGHT, column })
    }
    height = Math.max(height, MARGIN * 2 + inside.length * (HEIGHT + GAP.y) - GAP.y)
    x += width + GAP.x
  }
  return { boxes, width: Math.max(x - GAP.x + MARGIN, 2 * MARGIN), height: Math.max(height, 2 * MARGIN) }
}

function widthOf({ label, note = '' }: Node): number {
  return Math.max(label.length, note.length) * CHARACTER + 24
}

/** Compares two nodes by name: `thumbnails`, `thumbnails.retry.500`, `thumbnails.retry.1000`, `users`. */
function byFamily(one: Node, other: Node): number {
  return one.label.localeCompare(other.label, 'en', { numeric: true })
}
