import { join } from 'node:path'
import { SyntaxKind } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'
import { root } from '../set-up/repository.mjs'

const FUNCTIONS = new Set([
  SyntaxKind.FunctionDeclaration,
  SyntaxKind.FunctionExpression,
  SyntaxKind.ArrowFunction,
  SyntaxKind.MethodDeclaration,
  SyntaxKind.Constructor,
  SyntaxKind.GetAccessor,
  SyntaxKind.SetAccessor,
])

/**
 * A function of the source.
 *
 * @typedef {object} Measured
 * @property {number} lines
 * @property {number} parameters
 */

/**
 * Measures the functions with a body in some files of a package, those within others too.
 *
 * @param {string} name of the package's folder
 * @param {readonly string[]} paths of the files, from the root of the repository
 * @returns {Measured[]}
 */
export function functionsOf(name, paths) {
  const api = new API({ cwd: root })
  try {
    const config = join(root, 'packages', name, 'tsconfig.json')
    const [project] = api.updateSnapshot({ openProjects: [config] }).getProjects()
    return paths.flatMap((path) => {
      const file = project?.program.getSourceFile(join(root, path))
      return file === undefined ? [] : functionsIn(file, file.text)
    })
  } finally {
    api.close()
  }
}

/** @param {import('typescript/unstable/ast').Node} top @param {string} text @returns {Measured[]} */
function functionsIn(top, text) {
  /** @type {Measured[]} */
  const found = []
  /** @param {any} node */
  const visit = (node) => {
    if (FUNCTIONS.has(node.kind) && node.body !== undefined) {
      const lines = text.slice(node.pos, node.end).trimStart().split('\n').length
      const own = withoutComment(text.slice(node.pos, node.end)).split('\n').length
      found.push({ lines: Math.min(lines, own), parameters: node.parameters?.length ?? 0 })
    }
    node.forEachChild(visit)
  }
  top.forEachChild(visit)
  return found
}

/** A node begins with the comment before it. @param {string} text */
function withoutComment(text) {
  return text.replace(/^(\s*(\/\*[\s\S]*?\*\/|\/\/[^\n]*))*\s*/, '')
}
