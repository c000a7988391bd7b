@call_tickets @normal
Feature: Call tickets
  The client reads each field of a call ticket. Each case is played twice: with the tags that
  were seen in the field, and with the extended set. What the exchange does not send is
  not observable, and never counts as read. The other wires carry what their format has room for.

  @SMDR1
  Scenario Outline: SMDR1 Outgoing call dialled by hand
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 128 dials an external number by hand and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR1
  Scenario Outline: SMDR1 Outgoing call dialled by hand, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 128 dials an external number by hand and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire   |
      | nmc    |
      | v24    |
      | ohl    |
      | stream |

  @SMDR1 @account
  Scenario: SMDR1 Outgoing call dialled by hand, in an account file
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 dials an external number by hand and talks 50 seconds
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @SMDR2
  Scenario Outline: SMDR2 Outgoing call by redial
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 128 dials an external number by redial and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR2
  Scenario Outline: SMDR2 Outgoing call by redial, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 128 dials an external number by redial and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire   |
      | nmc    |
      | v24    |
      | ohl    |
      | stream |

  @SMDR2 @account
  Scenario: SMDR2 Outgoing call by redial, in an account file
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 dials an external number by redial and talks 50 seconds
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @SMDR3
  Scenario Outline: SMDR3 Outgoing call by speed dial
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 128 dials an external number by speed dial and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR3
  Scenario Outline: SMDR3 Outgoing call by speed dial, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 128 dials an external number by speed dial and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire   |
      | nmc    |
      | v24    |
      | ohl    |
      | stream |

  @SMDR3 @account
  Scenario: SMDR3 Outgoing call by speed dial, in an account file
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 dials an external number by speed dial and talks 50 seconds
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @SMDR5
  Scenario Outline: SMDR5 Call from a booth on a T0 line
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 120 dials an external number on line N01 and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR5
  Scenario Outline: SMDR5 Call from a booth on a T0 line, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 120 dials an external number on line N01 and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire     |
      | nmc      |
      | v24      |
      | ohl      |
      | stream   |
      | account  |
