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

  @SMDR4
  Scenario Outline: SMDR4 Call to a set that is diverted outside
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 128 diverts its calls to an external number
    And extension 128 is called from outside and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR4
  Scenario Outline: SMDR4 Call to a set that is diverted outside, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 128 diverts its calls to an external number
    And extension 128 is called from outside and talks 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire     |
      | nmc      |
      | v24      |
      | ohl      |
      | stream   |

  @SMDR4 @account
  Scenario: SMDR4 Call to a set that is diverted outside, in an account file
    Given an exchange without tickets
    And the collector is collecting
    When extension 128 diverts its calls to an external number
    And extension 128 is called from outside and talks 50 seconds
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @SMDR6
  Scenario Outline: SMDR6 External call transferred from a booth to a room
    Given an exchange without tickets that writes the <tags> tags
    And the collector is collecting
    When extension 120 dials an external number and transfers it to extension 106 after 20 of 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | tags     |
      | observed |
      | extended |

  @SMDR6
  Scenario Outline: SMDR6 External call transferred from a booth to a room, on another wire
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When extension 120 dials an external number and transfers it to extension 106 after 20 of 50 seconds
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

    Examples:
      | wire     |
      | nmc      |
      | v24      |
      | ohl      |
      | stream   |

  @SMDR6 @account
  Scenario: SMDR6 External call transferred from a booth to a room, in an account file
    Given an exchange without tickets
    And the collector is collecting
    When extension 120 dials an external number and transfers it to extension 106 after 20 of 50 seconds
    And the exchange closes its account file
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it

  @SMDR7
  Scenario Outline: SMDR7 Room status told from the room
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When housekeeping tells on the set of room 106 that it is not cleaned, with problem 12
    And housekeeping tells on the set of room 107 that it is cleaned, with problem 345
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |

  @SMDR8
  Scenario Outline: SMDR8 Room status set by the operator
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When the operator sets room 106 to cleaned
    And the operator sets room 106 to not cleaned
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |

  @SMDR9
  Scenario Outline: SMDR9 Wake-up taken back by the operator
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When the operator programs a wake-up for room 106 at 07:00
    And the appointment of extension 106 is cancelled
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |

  @SMDR10
  Scenario Outline: SMDR10 Wake-up by the Hotel key
    Given an exchange without tickets on the <wire> wire
    And the collector is collecting
    When the operator programs a wake-up for room 106 at 07:00
    Then the collector collects every ticket
    And every ticket is delivered once and unchanged
    And each field under test reads as the exchange wrote it
    And the collector shows what became of appointments and rooms

    Examples:
      | wire     |
      | taxation |
      | nmc      |
      | v24      |
      | ohl      |
      | account  |
      | stream   |
