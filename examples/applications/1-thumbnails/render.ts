import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Reject } from 'leveret'
import type { Thumbnail } from './contracts.js'

/** Writes `<imageId>-<widthPx>.svg` beside `<imageId>.svg`. Doing it twice writes the same file twice, so a task may come again. */
export async function render(folder: string, { imageId, widthPx }: Thumbnail): Promise<void> {
  // Where the upload has not arrived yet this fails, and is tried again.
  const image = await readFile(join(folder, `${imageId}.svg`), 'utf8')
  if (!image.startsWith('<svg')) throw new Reject(`${imageId} is no SVG`)
  await writeFile(join(folder, `${imageId}-${widthPx}.svg`), image.replace('<svg', `<svg width="${widthPx}"`))
}
