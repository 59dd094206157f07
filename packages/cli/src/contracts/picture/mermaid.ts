import type { Edge, Graph, Node } from './graph.js'

/** Writes a picture for Mermaid, which GitHub draws. @see https://mermaid.js.org/syntax/flowchart.html */
export function mermaidOf({ nodes, edges }: Graph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index + 1}`]))
  const waiting = nodes.filter(({ shape }) => shape === 'waiting').map(({ id }) => ids.get(id))
  const lines = [
    'flowchart LR',
    ...nodes.map((node) => `  ${ids.get(node.id)}${shaped(node)}`),
    ...edges.flatMap((edge) => arrow(edge, ids)),
    ...(waiting.length === 0
      ? []
      : ['  classDef waiting stroke-dasharray: 5 5', `  class ${waiting.join(',')} waiting`]),
  ]
  return `${lines.join('\n')}\n`
}

function shaped({ shape, label, note }: Node): string {
  const text = `"${[label, note]
    .filter((line) => line !== undefined)
    .map(escaped)
    .join('<br/>')}"`
  if (shape === 'exchange') return `{{${text}}}`
  return shape === 'queue' || shape === 'waiting' ? `[(${text})]` : `([${text}])`
}

function arrow({ from, to, label, isDashed }: Edge, ids: ReadonlyMap<string, string>): string[] {
  const [start, end] = [ids.get(from), ids.get(to)]
  if (start === undefined || end === undefined) return []
  const text = label === '' ? '' : `|"${escaped(label)}"|`
  return [`  ${start} ${isDashed ? '-.->' : '-->'}${text} ${end}`]
}

function escaped(text: string): string {
  return text.replaceAll('#', '#35;').replaceAll('"', '#quot;').replaceAll('<', '#lt;').replaceAll('>', '#gt;')
}
