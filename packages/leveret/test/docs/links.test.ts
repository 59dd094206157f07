import { existsSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { documents, repository, textOf } from './documents.js'

/** Where the repository is to be found by a reader who has only the package. */
const HOME = /^https:\/\/github\.com\/leveret\/leveret\/(?:blob|tree)\/main\//

interface Link {
  readonly from: string
  readonly target: string
}

/** The links of a document to files and headings of the repository. */
function linksOf(document: string): Link[] {
  const prose = textOf(document)
    .replaceAll(/^```.*?^```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, '``')
  return [...prose.matchAll(/\]\(([^()\s]+(?:\([^()\s]*\))?)\)/g)]
    .map(([, target = '']) => ({ from: document, target }))
    .filter(({ target }) => HOME.test(target) || !/^[a-z]+:/.test(target))
}

/** The path from the root of what a link leads to, and the heading there. */
function resolved({ from, target }: Link): [path: string, anchor: string] {
  const [path = '', anchor = ''] = target.split('#')
  if (HOME.test(path)) return [path.replace(HOME, ''), anchor]
  return [path === '' ? from : normalize(join(dirname(from), path)), anchor]
}

/** The anchors that GitHub gives the headings of a document. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>()
  const headings = textOf(document)
    .replaceAll(/^```.*?^```$/gms, '')
    .matchAll(/^#+ (.+)$/gm)
  for (const [, heading = ''] of headings) {
    const text = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase()
    const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    let unique = slug
    for (let count = 1; anchors.has(unique); count += 1) unique = `${slug}-${count}`
    anchors.add(unique)
  }
  return anchors
}

function isThere(link: Link): boolean {
  const [path, anchor] = resolved(link)
  if (!existsSync(join(repository, path))) return false
  return anchor === '' || !path.endsWith('.md') || anchorsOf(path).has(anchor)
}

const links = documents().flatMap(linksOf)

describe('links of the documents', () => {
  test('are found by this test', () => {
    expect(links.length).toBeGreaterThan(200)
  })

  test('lead to files and headings that exist', () => {
    const dead = links.filter((link) => !isThere(link))
    expect(dead.map(({ from, target }) => `${from}: ${target}`)).toEqual([])
  })

  test.for(['leveret', 'testing', 'memory-broker', 'conformance'])(
    'are absolute where a package is read alone: %s',
    (name) => {
      const page = `packages/${name}/README.md`
      const relative = links.filter(
        ({ from, target }) => from === page && !HOME.test(target) && !target.startsWith('#'),
      )
      expect(relative).toEqual([])
    },
  )

  test('lead from the page of leveret on npm to the documents', () => {
    expect(links.filter(({ from }) => from === 'packages/leveret/README.md').length).toBeGreaterThan(10)
  })
})
