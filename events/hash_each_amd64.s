#include "textflag.h"

// The compression function of SHA-256 for two texts at once, by the instructions
// SHA256RNDS2, SHA256MSG1 and SHA256MSG2, as in Intel's "New Instructions Supporting
// the Secure Hash Algorithm", once for each text: the processor does what is written
// for the one while it waits for the other.
//
//	text          1         2
//	state ABEF    X1        X7
//	state CDGH    X2        X8
//	16 words      X3-X6     X9-X12
//
// X0 is what SHA256RNDS2 takes its words from, X13 is for what is needed for a moment
// and X14 turns the bytes of words around.

// LOAD brings a state into the order of the instructions.
#define LOAD(state, abef, cdgh) \
	MOVOU   (state), X13     \
	MOVOU   16(state), cdgh  \
	PSHUFD  $0xB1, X13, X13  \
	PSHUFD  $0x1B, cdgh, cdgh \
	MOVO    X13, abef        \
	PALIGNR $8, cdgh, abef   \
	PBLENDW $0xF0, X13, cdgh

#define STORE(state, abef, cdgh) \
	PSHUFD  $0x1B, abef, abef \
	PSHUFD  $0xB1, cdgh, cdgh \
	MOVO    abef, X13        \
	PBLENDW $0xF0, cdgh, abef \
	PALIGNR $8, X13, cdgh    \
	MOVOU   abef, (state)    \
	MOVOU   cdgh, 16(state)

#define WORDS(from, m) \
	MOVOU  from, m \
	PSHUFB X14, m

// ROUNDS does four rounds with the constants from k on.
#define ROUNDS(k, m, abef, cdgh) \
	MOVO        m, X0           \
	PADDD       k(AX), X0       \
	SHA256RNDS2 X0, abef, cdgh  \
	PSHUFD      $0x0E, X0, X0   \
	SHA256RNDS2 X0, cdgh, abef

// NEXT completes the four words after m in next, and MIX begins those after them.
#define NEXT(before, m, next) \
	MOVO       m, X13          \
	PALIGNR    $4, before, X13 \
	PADDD      X13, next       \
	SHA256MSG2 m, next

#define MIX(m, before) \
	SHA256MSG1 m, before

// func hashBlocks(state1, state2 *[8]uint32, blocks1, blocks2 *byte, n int)
TEXT ·hashBlocks(SB), NOSPLIT, $64-40
	MOVQ  state1+0(FP), DI
	MOVQ  state2+8(FP), SI
	MOVQ  blocks1+16(FP), R8
	MOVQ  blocks2+24(FP), R9
	MOVQ  n+32(FP), CX
	LEAQ  constants<>(SB), AX
	MOVOU turn<>(SB), X14
	LOAD(DI, X1, X2)
	LOAD(SI, X7, X8)

next:
	MOVOU X1, 0(SP)
	MOVOU X2, 16(SP)
	MOVOU X7, 32(SP)
	MOVOU X8, 48(SP)

	WORDS(0(R8), X3)
	ROUNDS(0, X3, X1, X2)
	WORDS(0(R9), X9)
	ROUNDS(0, X9, X7, X8)

	WORDS(16(R8), X4)
	ROUNDS(16, X4, X1, X2)
	MIX(X4, X3)
	WORDS(16(R9), X10)
	ROUNDS(16, X10, X7, X8)
	MIX(X10, X9)

	WORDS(32(R8), X5)
	ROUNDS(32, X5, X1, X2)
	MIX(X5, X4)
	WORDS(32(R9), X11)
	ROUNDS(32, X11, X7, X8)
	MIX(X11, X10)

	WORDS(48(R8), X6)
	ROUNDS(48, X6, X1, X2)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	WORDS(48(R9), X12)
	ROUNDS(48, X12, X7, X8)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	ROUNDS(64, X3, X1, X2)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	ROUNDS(64, X9, X7, X8)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	ROUNDS(80, X4, X1, X2)
	NEXT(X3, X4, X5)
	MIX(X4, X3)
	ROUNDS(80, X10, X7, X8)
	NEXT(X9, X10, X11)
	MIX(X10, X9)

	ROUNDS(96, X5, X1, X2)
	NEXT(X4, X5, X6)
	MIX(X5, X4)
	ROUNDS(96, X11, X7, X8)
	NEXT(X10, X11, X12)
	MIX(X11, X10)

	ROUNDS(112, X6, X1, X2)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	ROUNDS(112, X12, X7, X8)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	ROUNDS(128, X3, X1, X2)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	ROUNDS(128, X9, X7, X8)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	ROUNDS(144, X4, X1, X2)
	NEXT(X3, X4, X5)
	MIX(X4, X3)
	ROUNDS(144, X10, X7, X8)
	NEXT(X9, X10, X11)
	MIX(X10, X9)

	ROUNDS(160, X5, X1, X2)
	NEXT(X4, X5, X6)
	MIX(X5, X4)
	ROUNDS(160, X11, X7, X8)
	NEXT(X10, X11, X12)
	MIX(X11, X10)

	ROUNDS(176, X6, X1, X2)
	NEXT(X5, X6, X3)
	MIX(X6, X5)
	ROUNDS(176, X12, X7, X8)
	NEXT(X11, X12, X9)
	MIX(X12, X11)

	ROUNDS(192, X3, X1, X2)
	NEXT(X6, X3, X4)
	MIX(X3, X6)
	ROUNDS(192, X9, X7, X8)
	NEXT(X12, X9, X10)
	MIX(X9, X12)

	ROUNDS(208, X4, X1, X2)
	NEXT(X3, X4, X5)
	ROUNDS(208, X10, X7, X8)
	NEXT(X9, X10, X11)

	ROUNDS(224, X5, X1, X2)
	NEXT(X4, X5, X6)
	ROUNDS(224, X11, X7, X8)
	NEXT(X10, X11, X12)

	ROUNDS(240, X6, X1, X2)
	ROUNDS(240, X12, X7, X8)

	MOVOU 0(SP), X13
	PADDD X13, X1
	MOVOU 16(SP), X13
	PADDD X13, X2
	MOVOU 32(SP), X13
	PADDD X13, X7
	MOVOU 48(SP), X13
	PADDD X13, X8
	ADDQ  $64, R8
	ADDQ  $64, R9
	DECQ  CX
	JNZ   next

	STORE(DI, X1, X2)
	STORE(SI, X7, X8)
	RET

// func hasSHA() bool
//
// SHA is bit 29 of EBX in leaf 7; SSSE3 and SSE4.1 are bits 9 and 19 of ECX in leaf 1.
TEXT ·hasSHA(SB), NOSPLIT, $0-1
	MOVB $0, ret+0(FP)
	XORL AX, AX
	CPUID
	CMPL AX, $7
	JLT  no
	MOVL $1, AX
	XORL CX, CX
	CPUID
	ANDL $0x80200, CX
	CMPL CX, $0x80200
	JNE  no
	MOVL $7, AX
	XORL CX, CX
	CPUID
	BTL  $29, BX
	JCC  no
	MOVB $1, ret+0(FP)

no:
	RET

DATA turn<>+0(SB)/8, $0x0405060700010203
DATA turn<>+8(SB)/8, $0x0c0d0e0f08090a0b
GLOBL turn<>(SB), RODATA|NOPTR, $16

DATA constants<>+0(SB)/8, $0x71374491428a2f98
DATA constants<>+8(SB)/8, $0xe9b5dba5b5c0fbcf
DATA constants<>+16(SB)/8, $0x59f111f13956c25b
DATA constants<>+24(SB)/8, $0xab1c5ed5923f82a4
DATA constants<>+32(SB)/8, $0x12835b01d807aa98
DATA constants<>+40(SB)/8, $0x550c7dc3243185be
DATA constants<>+48(SB)/8, $0x80deb1fe72be5d74
DATA constants<>+56(SB)/8, $0xc19bf1749bdc06a7
DATA constants<>+64(SB)/8, $0xefbe4786e49b69c1
DATA constants<>+72(SB)/8, $0x240ca1cc0fc19dc6
DATA constants<>+80(SB)/8, $0x4a7484aa2de92c6f
DATA constants<>+88(SB)/8, $0x76f988da5cb0a9dc
DATA constants<>+96(SB)/8, $0xa831c66d983e5152
DATA constants<>+104(SB)/8, $0xbf597fc7b00327c8
DATA constants<>+112(SB)/8, $0xd5a79147c6e00bf3
DATA constants<>+120(SB)/8, $0x1429296706ca6351
DATA constants<>+128(SB)/8, $0x2e1b213827b70a85
DATA constants<>+136(SB)/8, $0x53380d134d2c6dfc
DATA constants<>+144(SB)/8, $0x766a0abb650a7354
DATA constants<>+152(SB)/8, $0x92722c8581c2c92e
DATA constants<>+160(SB)/8, $0xa81a664ba2bfe8a1
DATA constants<>+168(SB)/8, $0xc76c51a3c24b8b70
DATA constants<>+176(SB)/8, $0xd6990624d192e819
DATA constants<>+184(SB)/8, $0x106aa070f40e3585
DATA constants<>+192(SB)/8, $0x1e376c0819a4c116
DATA constants<>+200(SB)/8, $0x34b0bcb52748774c
DATA constants<>+208(SB)/8, $0x4ed8aa4a391c0cb3
DATA constants<>+216(SB)/8, $0x682e6ff35b9cca4f
DATA constants<>+224(SB)/8, $0x78a5636f748f82ee
DATA constants<>+232(SB)/8, $0x8cc7020884c87814
DATA constants<>+240(SB)/8, $0xa4506ceb90befffa
DATA constants<>+248(SB)/8, $0xc67178f2bef9a3f7
GLOBL constants<>(SB), RODATA|NOPTR, $256
