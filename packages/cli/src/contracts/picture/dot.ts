import type { Edge, Graph, Node } from './graph.js'

/** Writes a picture for Graphviz. @see https://graphviz.org/doc/info/lang.html */
export function dotOf({ nodes, edges }: Graph): string {
  const lines = [
    'digraph topology {',
    '  rankdir=LR',
    '  node [fontname="sans-serif"]',
    '  edge [fontname="sans-serif", fontsize=10]',
    ...nodes.map((node) => `  ${quoted(node.id)} [${attributes(node)}]`),
    ...edges.map((edge) => `  ${quoted(edge.from)} -> ${quoted(edge.to)} [${edgeAttributes(edge)}]`),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

const SHAPES: Readonly<Record<Node['shape'], string>> = {
  sender: 'shape=oval',
  receiver: 'shape=oval',
  exchange: 'shape=hexagon',
  queue: 'shape=cylinder',
  waiting: 'shape=cylinder, style=dashed',
}

function attributes({ shape, label, note }: Node): string {
  return `label=${quoted(note === undefined ? label : `${label}\n${note}`)}, ${SHAPES[shape]}`
}

function edgeAttributes({ label, isDashed }: Edge): string {
  return `label=${quoted(label)}${isDashed ? ', style=dashed' : ''}`
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`
}
