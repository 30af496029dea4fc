"""The exact bound of Clopper and Pearson, one-sided, with 95 % confidence, in whole numbers
(docs/bundle.md, section 8, What assessors conclude)."""


def is_bound(most, population, drawn, seen):
    """Whether at most so many of a population are what seen of drawn are: the least number
    under which seeing so few had a probability of one in twenty or less. Where all of the
    population was drawn, it is their number; where all of those drawn are, all may be."""
    if not 0 <= seen <= drawn <= population or drawn == 0:
        return False
    if drawn == population or seen == drawn:
        return most == (seen if drawn == population else population)
    return 0 < most <= population and _rare(most, population, drawn, seen) and not _rare(most - 1, population, drawn, seen)


def _rare(some, population, drawn, seen):
    """Whether seen or fewer among drawn have a probability of 1/20 or less, where some of
    the population are what is looked for: 20 * sum of C(n,i) * m^i * (N-m)^(n-i) for i
    from 0 to k is not more than N^n."""
    others = population - some
    total = term = 1  # of C(n,i) * m^i * (N-m)^(k-i), and the part of it without the last
    for i in range(1, seen + 1):
        term = term * (drawn - i + 1) * some // i
        total = total * others + term
    return 20 * total * others ** (drawn - seen) <= population**drawn
