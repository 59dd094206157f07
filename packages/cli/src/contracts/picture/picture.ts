import type { ContractsDocument } from '../document.js'
import { dotOf } from './dot.js'
import { type Depths, graphOf } from './graph.js'
import { mermaidOf } from './mermaid.js'
import { svgOf } from './svg.js'

/** The formats of a picture. */
export type PictureFormat = 'mermaid' | 'dot' | 'svg'

/**
 * Draws what applications send where, and who receives it. With depths it shows how many messages wait in each queue.
 */
export function pictureOf(document: ContractsDocument, format: PictureFormat = 'mermaid', depths?: Depths): string {
  const graph = graphOf(document, depths)
  if (format === 'dot') return dotOf(graph)
  return format === 'svg' ? svgOf(graph) : mermaidOf(graph)
}
