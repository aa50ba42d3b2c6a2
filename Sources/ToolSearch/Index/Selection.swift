// SPDX-License-Identifier: Apache-2.0

/// The first few of many, in order, without sorting them all.
enum Selection {
    static func best<Element>(
        _ count: Int, of elements: [Element], by isBetter: (Element, Element) -> Bool
    ) -> [Element] {
        var best: [Element] = []
        guard count > 0 else { return best }
        best.reserveCapacity(min(count, elements.count) + 1)
        for element in elements {
            if best.count == count, let last = best.last, !isBetter(element, last) { continue }
            var place = best.count
            while place > 0, isBetter(element, best[place - 1]) { place -= 1 }
            best.insert(element, at: place)
            if best.count > count { best.removeLast() }
        }
        return best
    }
}
