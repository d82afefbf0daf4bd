/**
 * Cuts a Zstandard file where its frames end. Node's decompressor takes no more of a piece than to the end of a frame
 * and drops the rest in silence, while pieces that end with a frame are read one after the other. Only sizes are read
 * here (RFC 8878 §3.1); what is in the blocks is the decompressor's business. Pure.
 */
import { InputFault } from './faults.ts'

const MAGIC = 0xfd2fb528
/** RFC 8878 §3.1.2: sixteen values, for frames that are skipped. */
const SKIPPABLE_MAGIC = 0x184d2a50
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]
const RLE_BLOCK = 1
const CHECKSUM_BYTES = 4

type Part = 'magic' | 'skippableSize' | 'descriptor' | 'block'

/** How many bytes tell what comes next. */
const PART_BYTES: Readonly<Record<Part, number>> = { magic: 4, skippableSize: 4, descriptor: 1, block: 3 }

export class ZstdFrames {
  #part: Part = 'magic'
  /** Of the part, as far as it came. */
  readonly #read: number[] = []
  /** To be passed before the next part. */
  #pass = 0
  #hasChecksum = false
  #isLastBlock = false

  /** The piece, cut behind each frame that ends in it. @throws InputFault `InputCorrupt` for what is no frame */
  cut(piece: Uint8Array): readonly Uint8Array[] {
    const cuts: Uint8Array[] = []
    let start = 0
    let at = 0
    while (at < piece.length) {
      if (this.#pass > 0) {
        const passed = Math.min(this.#pass, piece.length - at)
        this.#pass -= passed
        at += passed
        if (this.#pass === 0 && this.#isBetweenFrames()) {
          cuts.push(piece.subarray(start, at))
          start = at
        }
        continue
      }
      this.#read.push(piece[at] ?? 0)
      at += 1
      if (this.#read.length === PART_BYTES[this.#part]) this.#next(this.#read.splice(0))
    }
    if (start < piece.length) cuts.push(piece.subarray(start))
    return cuts
  }

  /** @throws InputFault `InputCorrupt` when the file ends within a frame */
  end(): void {
    if (this.#pass > 0 || this.#read.length > 0 || this.#part !== 'magic')
      throw new InputFault('InputCorrupt', 'expected a whole compressed file, got a part of one')
  }

  #isBetweenFrames(): boolean {
    return this.#part === 'magic' && this.#read.length === 0
  }

  #next(bytes: readonly number[]): void {
    const value = bytes.reduce((sum, byte, index) => sum + byte * 256 ** index, 0)
    switch (this.#part) {
      case 'magic':
        if (value !== MAGIC && value - (value % 16) !== SKIPPABLE_MAGIC)
          throw new InputFault('InputCorrupt', 'expected a compressed file, got something else behind it')
        this.#part = value === MAGIC ? 'descriptor' : 'skippableSize'
        return
      case 'skippableSize':
        this.#part = 'magic'
        this.#pass = value
        return
      case 'descriptor':
        this.#part = 'block'
        this.#pass = headerBytes(value)
        this.#hasChecksum = (value & 4) !== 0
        return
      case 'block': {
        this.#isLastBlock = (value & 1) === 1
        const type = (value >> 1) & 3
        this.#pass = type === RLE_BLOCK ? 1 : Math.floor(value / 8)
        if (!this.#isLastBlock) return
        this.#pass += this.#hasChecksum ? CHECKSUM_BYTES : 0
        this.#part = 'magic'
        return
      }
      default:
        this.#part satisfies never
    }
  }
}

/** RFC 8878 §3.1.1.1: window descriptor, dictionary id and content size behind the descriptor. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const contentSize = sizeFlag === 0 && isSingleSegment ? 1 : (CONTENT_SIZE_BYTES[sizeFlag] ?? 0)
  return (isSingleSegment ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + contentSize
}
