/** Section flags and types of the System V ABI, "Sections": SHF_ALLOC, SHT_NOBITS. */
const IN_MEMORY = 2n;
const WITHOUT_BYTES = 8;
const ELF_64_LITTLE_ENDIAN = Buffer.from("7f454c460201", "hex");

/**
 * An executable without its symbols and what else only debuggers read, which stands at its end: a seventh smaller. It is
 * done here because binutils has another program for each processor. Source: System V ABI, "ELF Header", "Sections".
 */
export function stripped(program: Buffer): Buffer {
  if (!program.subarray(0, 6).equals(ELF_64_LITTLE_ENDIAN)) throw new Error("not a 64-bit ELF executable");
  const at = Number(program.readBigUInt64LE(40));
  const [size, count, named] = [program.readUInt16LE(58), program.readUInt16LE(60), program.readUInt16LE(62)];
  const sections = Array.from({ length: count }, (_, index) =>
    Buffer.from(program.subarray(at + index * size, at + (index + 1) * size)),
  );
  const kept = sections.slice(0, sections.findLastIndex((one) => (one.readBigUInt64LE(8) & IN_MEMORY) !== 0n) + 1);
  const end = Math.max(...kept.map((one) => endOf(one)));
  const start = Math.ceil(end / 8) * 8;
  const names = sections[named] ?? Buffer.alloc(size);
  const table = program.subarray(offsetOf(names), endOf(names));
  names.writeBigUInt64LE(BigInt(start + (kept.length + 1) * size), 24);
  const header = Buffer.from(program.subarray(0, 64));
  header.writeBigUInt64LE(BigInt(start), 40);
  header.writeUInt16LE(kept.length + 1, 60);
  header.writeUInt16LE(kept.length, 62);
  return Buffer.concat([header, program.subarray(64, end), Buffer.alloc(start - end), ...kept, names, table]);
}

const offsetOf = (section: Buffer): number => Number(section.readBigUInt64LE(24));

/** Where a section's bytes end in the file. */
function endOf(section: Buffer): number {
  return offsetOf(section) + (section.readUInt32LE(4) === WITHOUT_BYTES ? 0 : Number(section.readBigUInt64LE(32)));
}
