import { dirname, join, normalize } from 'node:path'

/**
 * Counts the files that import themselves over others, types included.
 *
 * @param {readonly import('./sources.mjs').Source[]} sources
 */
export function filesInRings(sources) {
  const imports = new Map(sources.map((source) => [source.path, importsOf(source)]))
  return sources.filter(({ path }) => reaches(imports, path, path)).length
}

/** @param {import('./sources.mjs').Source} source */
function importsOf({ path, text }) {
  return [...text.matchAll(/(?:^|\n)(?:import|export)\b[^;'"]*?from '(\.[^']+)'/g)].map(([, name = '']) =>
    normalize(join(dirname(path), name)).replace(/\.js$/, '.ts'),
  )
}

/** @param {ReadonlyMap<string, readonly string[]>} imports @param {string} from @param {string} to */
function reaches(imports, from, to) {
  const seen = new Set()
  const pending = [...(imports.get(from) ?? [])]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next === to) return true
    if (seen.has(next)) continue
    seen.add(next)
    pending.push(...(imports.get(next) ?? []))
  }
  return false
}
